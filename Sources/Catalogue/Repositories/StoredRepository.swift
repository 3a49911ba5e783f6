package import Manifests

/// A repository that the catalogue has.
package struct StoredRepository: Sendable, Equatable {
    /// The row in the database, which no other repository ever has.
    package let number: Int64
    /// The kind and the id.
    package let repository: HubRepository
    /// Whether only its owner sees it.
    package let isPrivate: Bool
    /// When it was made, in seconds since 1970.
    package let created: Int64

    /// The part of the id before the slash.
    package var owner: String {
        repository.id.utf8.split(separator: UInt8(ascii: "/")).first.flatMap { String($0) } ?? ""
    }
}
