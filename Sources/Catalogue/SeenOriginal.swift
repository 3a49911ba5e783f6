package import Manifests
import Storage

/// What a version is made of, and who saw that when somebody looked. The version is added only while that holds: else what was
/// made private a moment ago would be shown in another form.
package struct SeenOriginal: Sendable {
    /// Something that its owner can show and hide.
    package enum Place: Sendable {
        /// A version.
        case version(user: String, model: String, version: String)
        /// A repository.
        case repository(HubRepository)
    }

    private let place: Place
    private let isPublic: Bool

    /// - Parameter isPublic: whether others than its owner saw it.
    package init(_ place: Place, isPublic: Bool) {
        self.place = place
        self.isPublic = isPublic
    }

    /// Whether it is still there, and in the sight of the same people.
    func isUnchanged(_ connection: inout SQLiteConnection) throws -> Bool {
        switch place {
        case .version(let user, let model, let version):
            let (condition, values) = ModelCatalogue.condition(user, model, version)
            var find = try connection.statement("SELECT is_public FROM version WHERE \(condition)")
            try find.bind(values)
            return try find.next()?.first == .integer(isPublic ? 1 : 0)
        case .repository(let repository):
            return try RepositoryStore.find(repository, &connection)?.isPrivate == !isPublic
        }
    }
}
