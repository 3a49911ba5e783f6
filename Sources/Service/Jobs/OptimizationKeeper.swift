import Formats

/// Who has what is made of a model that somebody uploaded: decided when it is asked for.
struct OptimizationKeeper {
    /// Whose the result is: the original's owner, or who asks where they may not write for the owner.
    let user: String
    /// Whether who asks sees all that the original's owner has: else it has to be public still when the work begins and ends.
    let seesAll: Bool

    /// Decides.
    /// - Throws: where a token has a name that no owner of a model can have.
    init(owner: String, _ holder: AccessToken?) throws(ModelRefusal) {
        user = holder.mayWrite(owner) ? owner : holder?.name ?? owner
        seesAll = holder.owns(owner)
        if let problem = ModelNames.problem(user) {
            throw ModelRefusal(403, "the token cannot own models: its name \(problem)")
        }
    }

    /// The member of a request that is kept.
    var member: JSON.Member {
        JSON.Member("keeper", ["user": .string(user), "sees_all": .bool(seesAll)])
    }

    /// Reads a request that was kept; `nil` of one of a model of the caches.
    init?(kept document: JSON) {
        guard let user = document["keeper"]?["user"]?.string,
            let seesAll = document["keeper"]?["sees_all"]?.bool
        else { return nil }
        self.user = user
        self.seesAll = seesAll
    }
}
