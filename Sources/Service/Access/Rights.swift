import Formats

/// What the holder of a token may. Without tokens, `nil`, everybody may everything.
extension AccessToken? {
    /// Whether they may everything: they run the server, as far as anybody can tell.
    var mayAll: Bool { allows(.admin) }

    /// Whether they may what a scope is for.
    func allows(_ scope: AccessToken.Scope) -> Bool { map { $0.scope >= scope } ?? true }

    /// Whether something is theirs: they see it whole, also what of it is private.
    func owns(_ owner: String) -> Bool {
        guard let holder = self else { return true }
        return mayAll || (!holder.isAnonymous && holder.name.hasSameBytes(as: owner))
    }

    /// Whether they may change what belongs to somebody: users what is theirs, whoever may do all, everything.
    func mayWrite(_ owner: String) -> Bool { allows(.write) && owns(owner) }
}
