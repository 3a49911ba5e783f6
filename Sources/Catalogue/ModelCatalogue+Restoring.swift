import Formats
import Storage

extension ModelCatalogue {
    /// What was made anew when a catalogue was opened.
    package struct Restored: Sendable {
        /// Whether the database was damaged, and was set aside.
        package let wasDamaged: Bool
        /// How many versions came from their records.
        package let versions: Int
        /// The paths of records that cannot be read.
        package let unreadable: [String]
    }

    /// Adds the versions that have a record and are not in the database.
    /// - Returns: `nil` if the database had all of them.
    static func restore(
        from directory: String, wasDamaged: Bool, _ connection: inout SQLiteConnection
    ) throws -> Restored? {
        var rows: [Int64: Bool] = [:]
        var find = try connection.statement("SELECT number, is_active FROM version")
        while let row = try find.next() {
            if row.count == 2, let number = row[0].integer { rows[number] = row[1] == .integer(1) }
        }
        let recorded = CatalogueRecord.numbers(in: directory)
        var versions = 0
        var unreadable: [String] = []
        // Where two have the same names, the one that came later counts.
        for number in recorded.sorted(by: >) where rows[number] == nil {
            guard let record = CatalogueRecord.read(number, in: directory) else {
                unreadable.append(CatalogueRecord.path(number, in: directory))
                continue
            }
            guard try active(record.version, &connection) == nil else {
                try CatalogueRecord.remove(number, in: directory)
                continue
            }
            _ = try insert(record.version, number: .integer(number), &connection)
            versions += 1
        }
        guard wasDamaged || versions > 0 || !unreadable.isEmpty else { return nil }
        return Restored(wasDamaged: wasDamaged, versions: versions, unreadable: unreadable)
    }
}
