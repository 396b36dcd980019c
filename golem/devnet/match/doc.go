// Package match decides whether a demand and an offer fit each other, as the
// matcher of a yagna daemon does (protocol section 2.3).
//
// Constraints look like LDAP filters:
//
//	(&(golem.runtime.name=vm)(golem.inf.mem.gib>=0.5)(!(golem.node.debug.subnet=private)))
//
// and are judged against the other side's properties in three-valued logic: a
// comparison with a property that is not there is neither true nor false, and
// only True is a match. The type of a comparison is that of the property, never
// of the literal.
//
// Everything here is pure and safe for concurrent use.
package match
