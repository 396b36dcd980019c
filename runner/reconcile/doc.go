// Package reconcile decides what a run does next about everything that is slow
// and costs money: the demand, agreements, activities, the allocation, and the
// end of the run.
//
// Decide is a pure function: a View of the world and the time in it go in,
// actions come out, in a stable order. It reads no clock, makes no call and
// keeps nothing. Deciding twice on one view gives the same actions; once they
// are carried out and recorded, the next view asks for none of them again.
//
// The hot path, tasks to workers, is not here: a worker takes its next task by
// itself for as long as its activity is kept.
package reconcile
