// A pool of workers, as one writes it in Go.
package main

import "sync"

type pool struct {
	calls chan func()
	over  sync.WaitGroup
}

// A pool with so many calls under way at most, queued and running.
func newPool(places int) *pool {
	p := &pool{calls: make(chan func(), places-workers)}
	p.over.Add(workers)
	for i := 0; i != workers; i++ {
		go func() {
			defer p.over.Done()
			for call := range p.calls {
				call()
			}
		}()
	}
	return p
}

// Returns when all calls have.
func (p *pool) close() {
	close(p.calls)
	p.over.Wait()
}
