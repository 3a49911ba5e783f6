/// The state of the sources that a build is made from.
///
/// A module of its own, so that a new commit compiles nothing but this and the executable. `Revision.commit` is in a
/// file that the plugin `NoteCommit` writes: the commit that is checked out, empty outside of a git clone.
package enum Revision {}
