/* Closing and the end of a pool, as src/runtime/README.md has them: submitters with a store buffer of one entry each, a closer,
 * and workers that go when they are told to stop. Whatever a submitter was not refused must have run when all is over.
 *
 * Each define takes one step away:
 *   NO_MARK_FENCE     the mark may reach memory after the look at `closed`
 *   NO_MARK_WAIT      the closer does not wait for the marks
 *   NO_QUIESCENCE     the closer stops the workers without waiting for what is queued
 *   SPAWNED_FIRST     the closer sums what was spawned before it sums what is finished
 *   FINISHED_FIRST    a task counts as finished before what it spawns is queued
 */
#ifndef SUBMITTERS
#define SUBMITTERS 2
#endif
#ifndef WORKERS
#define WORKERS 2
#endif

/* Tasks in the queue: with a child to spawn, and without. */
byte parents = 0, children = 0;
bool closed = false, stopped = false;
bool mark[SUBMITTERS];
bool mark_buffered[SUBMITTERS];
bool mark_in_buffer[SUBMITTERS];
byte spawned[SUBMITTERS + WORKERS];   /* one writer each */
byte finished[WORKERS];
byte accepted = 0, ran = 0;

active [SUBMITTERS] proctype submitter() {
  byte self = _pid;
  /* the mark: a compare-and-swap, which empties the buffer */
#ifdef NO_MARK_FENCE
  atomic { mark_in_buffer[self] = true; mark_buffered[self] = true };
#else
  mark[self] = true;
#endif
  if
  :: closed
  :: !closed ->
     spawned[self]++;
     atomic { parents++; accepted = accepted + 2 }   /* the task and the child that it will spawn */
  fi;
  /* the mark's end: a store */
  if
  :: atomic { mark_buffered[self] -> mark[self] = mark_in_buffer[self]; mark_buffered[self] = false }
  :: !mark_buffered[self]
  fi;
  atomic { mark_in_buffer[self] = false; mark_buffered[self] = true }
}

/* The hardware empties the buffers when it likes. */
active proctype buffers() {
  byte i;
end:
  do
  :: atomic { mark_buffered[0] -> mark[0] = mark_in_buffer[0]; mark_buffered[0] = false }
#if SUBMITTERS > 1
  :: atomic { mark_buffered[1] -> mark[1] = mark_in_buffer[1]; mark_buffered[1] = false }
#endif
  od;
  i = 0
}

active [WORKERS] proctype worker() {
  byte self = _pid - SUBMITTERS - 1;
  bool is_parent;
  do
  :: atomic { parents > 0 -> parents--; is_parent = true };
perform:
#ifdef FINISHED_FIRST
     finished[self]++;
#endif
     if :: is_parent -> spawned[SUBMITTERS + self]++; children++ :: else fi;
     ran++;
#ifndef FINISHED_FIRST
     finished[self]++;
#endif
     is_parent = false
  :: atomic { children > 0 -> children--; is_parent = false }; goto perform
  :: stopped -> break
  od
}

active proctype closer() {
  byte i, sum_finished, sum_spawned;
  closed = true;
#ifndef NO_MARK_WAIT
  i = 0;
  do :: i < SUBMITTERS -> !mark[i]; i++ :: else -> break od;
#endif
#ifndef NO_QUIESCENCE
again:
  sum_finished = 0; sum_spawned = 0;
#ifdef SPAWNED_FIRST
  i = 0; do :: i < SUBMITTERS + WORKERS -> sum_spawned = sum_spawned + spawned[i]; i++ :: else -> break od;
#endif
  i = 0; do :: i < WORKERS -> sum_finished = sum_finished + finished[i]; i++ :: else -> break od;
#ifndef SPAWNED_FIRST
  i = 0; do :: i < SUBMITTERS + WORKERS -> sum_spawned = sum_spawned + spawned[i]; i++ :: else -> break od;
#endif
  if :: sum_finished != sum_spawned -> goto again :: else fi;
#endif
  stopped = true
}

active proctype judge() {
  timeout -> assert(stopped && ran == accepted && parents == 0 && children == 0)
}
