// Package process runs the commands of an activity as processes of this
// computer, in a directory of their own, as a provider's runtime runs them in a
// virtual machine.
//
// It is a stand-in, not a jail: commands run as the user who runs the devnet, and
// see this computer's files and programs. Commands written for a machine image
// run unchanged as long as the programs they name exist here, because paths
// under the image's volumes, such as /golem/work, are rewritten in arguments
// and environment to places inside the directory, and back again in what is
// captured. Scripts that are files keep the paths they were written with.
//
// # Lifetimes
//
// A Sandbox lives from Open to Close. A command may leave processes running, as
// a service does; Close ends those too, and removes the directory. On Linux a
// small process of each Sandbox does the same when the devnet is killed.
//
// Processes live in real time. In a testing/synctest bubble they work, but
// waiting for one is not durably blocking: the bubble's clock stands still until
// it ends, so that no timeout fires, and Wall and Slowdown see no time pass. A
// command in a bubble must leave no process that holds its output.
package process
