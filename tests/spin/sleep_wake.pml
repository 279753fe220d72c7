/* Sleep and wake, as src/park/README.md has it, for every interleaving and with a store buffer of one entry at the submitter,
 * which is what x86-64 and C++ allow it between its push and its look. Workers change the idle word by read-modify-writes
 * only, and these empty a buffer.
 *
 * Each define takes one step away; with none of them no task may be left while everybody sleeps:
 *   NO_SUBMIT_FENCE   the push may reach memory after the look
 *   NO_RECHECK        a worker sleeps without a look after it has set its bit
 *   NO_CHAIN          who found work as the last searcher looks no more
 *   NO_CLAIM_COUNT    a claimed worker does not count as searching
 *   STRAY_TOKEN       a worker that was claimed while it looked leaves its token behind, and believes the next one
 *
 * Two tasks at a time wait for each other to be begun: a worker that is inside one does not come back for the other.
 */
#ifndef TASKS
#define TASKS 3
#endif
#ifndef WORKERS
#define WORKERS 2
#endif

byte bottom = 0, top = 0;      /* of the deque that the submitter pushes to */
bool buffered = false;         /* the submitter's store buffer: a new bottom */
byte in_buffer = 0;
byte searching = 0;
bool parked[WORKERS];
bool token[WORKERS];
byte executed = 0;

#define WORK (top < bottom)

inline write_back() { atomic { if :: buffered -> bottom = in_buffer; buffered = false :: else fi } }

/* The hardware empties the buffer when it likes. */
active proctype buffer() {
end:
  do :: atomic { buffered -> bottom = in_buffer; buffered = false } od
}

/* One step: the lowest parked worker is claimed, unless somebody searches. `whom` is WORKERS if there is none. */
inline claim(whom) {
  atomic {
    whom = 0;
    do
    :: whom < WORKERS && (searching != 0 || !parked[whom]) -> whom++
    :: else -> break
    od;
    if
    :: whom < WORKERS -> parked[whom] = false;
#ifndef NO_CLAIM_COUNT
       searching++
#endif
    :: else
    fi
  }
}

inline wake(whom) {
  claim(whom);
  if :: whom < WORKERS -> token[whom] = true :: else fi
}

active proctype submitter() {
  byte i = 0, whom = 0;
  do
  :: i < TASKS ->
     atomic { !buffered -> i++; in_buffer = i; buffered = true }
#ifndef NO_SUBMIT_FENCE
     write_back();
#endif
     if :: searching == 0 -> wake(whom) :: else fi
  :: else -> break
  od;
  whom = 0
}

active [WORKERS] proctype worker() {
  byte self = _pid - 2, whom = 0, mine = 0;
  bool counted = false, found, last;

search:
  if
  :: counted
  :: atomic { !counted && searching == 0 -> searching++; counted = true }
  :: atomic { !counted && searching != 0 -> parked[self] = true }; goto sleep
  fi;
  found = false;
  atomic { if :: WORK -> top++; mine = top; found = true :: else fi };
  if
  :: found ->
     atomic { searching--; counted = false; last = (searching == 0) };
#ifndef NO_CHAIN
     if :: last && WORK -> wake(whom) :: else fi;
#endif
     whom = 0; last = false;
end_meeting:
     mine % 2 == 0 || mine == TASKS || top > mine;
     mine = 0;
     executed++;
     goto search
  :: else
  fi;
  atomic { searching--; counted = false; parked[self] = true };

sleep:
#ifndef NO_RECHECK
  if
  :: WORK ->
     atomic {
       if
       :: parked[self] -> parked[self] = false; searching++; counted = true
       :: else
       fi
     };
#ifdef STRAY_TOKEN
     counted = true;
#endif
     if :: counted -> goto search :: else fi
  :: else
  fi;
#endif
end_asleep:
  atomic { token[self] -> token[self] = false };
#ifndef STRAY_TOKEN
  atomic { if :: parked[self] -> parked[self] = false; searching++ :: else fi };
#endif
  counted = true;
  goto search
}

/* Nobody can do anything any more: then nothing must be left to do, and nobody counted. */
active proctype judge() {
  timeout -> assert(executed == TASKS && searching == 0 && !WORK)
}
