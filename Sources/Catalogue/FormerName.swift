package import Manifests
import Storage

/// The name of something that its owner alone saw when it was deleted. It stays known, so that what others were not told while
/// it was there they are not told afterwards, and nobody elsewhere is asked for the name.
package struct FormerName: Sendable {
    /// The id: "anna/classifier".
    package let id: String
    /// Whose it was.
    package let owner: String

    /// The table. Earlier programs do without it.
    static let schema = """
        CREATE TABLE IF NOT EXISTS former_name (
            kind TEXT NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, PRIMARY KEY (kind, id)
        ) WITHOUT ROWID;
        """

    /// Notes that something is gone. The name of what all saw is not kept, also where it was before.
    static func note(
        _ kind: HubRepository.Kind, _ id: String, owner: String, isPublic: Bool,
        _ connection: inout SQLiteConnection
    ) throws {
        let kind = kind.rawValue
        if isPublic {
            var forget = try connection.statement("DELETE FROM former_name WHERE kind = ? AND id = ?")
            return try forget.run([.text(kind), .text(id)])
        }
        var keep = try connection.statement("INSERT OR REPLACE INTO former_name VALUES (?, ?, ?)")
        try keep.run([.text(kind), .text(id), .text(owner)])
    }
}

extension ModelCatalogue {
    /// The names of a kind that are former ones. Something may be there under one of them again.
    package func formerNames(_ kind: HubRepository.Kind) throws(Problem) -> [FormerName] {
        try look { connection in
            var statement = try connection.statement("SELECT id, owner FROM former_name WHERE kind = ?")
            try statement.bind([.text(kind.rawValue)])
            var found: [FormerName] = []
            while let row = try statement.next() {
                guard row.count == 2, let id = row[0].text, let owner = row[1].text else { continue }
                found.append(FormerName(id: id, owner: owner))
            }
            return found
        }
    }
}
