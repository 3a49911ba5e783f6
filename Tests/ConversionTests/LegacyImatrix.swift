@testable import Conversion

/// The bytes of an importance matrix in the older format.
func legacyImatrix(
    _ entries: [(name: String, calls: Int32, values: [Float])], chunks: Int32? = nil, dataset: String? = nil
) -> [UInt8] {
    var bytes = number(entries.count, 4)
    for entry in entries {
        bytes += number(entry.name.utf8.count, 4) + Array(entry.name.utf8)
        bytes += number(entry.calls, 4) + number(entry.values.count, 4)
        bytes += entry.values.flatMap { number($0.bitPattern, 4) }
    }
    if let chunks { bytes += number(chunks, 4) }
    if let dataset { bytes += number(dataset.utf8.count, 4) + Array(dataset.utf8) }
    return bytes
}

/// An importance matrix that has as many ones for each name as it states.
func imatrix(of counts: [String: Int]) throws -> Imatrix {
    try imatrix(legacyImatrix(counts.map { ($0.key, 1, [Float](repeating: 1, count: $0.value)) }))
}
