import Formats
import Storage
import TestSupport
import Xet

/// What hf_xet made (`fixtures/xet/make.py`).
enum XetFixtures {
    /// A file of the store, and what a server states of it.
    struct File {
        let hash: XetHash
        let size: Int
        let sha256: String
        let answers: [Reconstruction.Version: JSON]

        func answer(_ version: Reconstruction.Version) -> [UInt8] {
            Array((answers[version] ?? .null).compactText.utf8)
        }
    }

    static func json(_ name: String) -> JSON { (try? JSON.parse(fixture(name, in: "xet"))) ?? .null }

    static let files: [String: File] = {
        var files: [String: File] = [:]
        for member in json("store.json")["files"]?.members ?? [] {
            guard let hash = member.value["hash"]?.string.flatMap({ XetHash(text: $0) }),
                let size = member.value["size"]?.integer, let sha256 = member.value["sha256"]?.string,
                let one = member.value["v1"], let two = member.value["v2"]
            else { continue }
            files[member.key] = File(hash: hash, size: size, sha256: sha256, answers: [.one: one, .two: two])
        }
        return files
    }()

    /// The xorbs by their names, with the hashes of their chunks.
    static let xorbs: [XetHash: (bytes: [UInt8], chunks: [XetHash])] = {
        var xorbs: [XetHash: (bytes: [UInt8], chunks: [XetHash])] = [:]
        for member in json("store.json")["xorbs"]?.members ?? [] {
            guard let hash = XetHash(text: member.key), let name = member.value["file"]?.string,
                let chunks = member.value["chunks"]?.strings
            else { continue }
            xorbs[hash] = (fixture(name, in: "xet"), chunks.compactMap { XetHash(text: $0) })
        }
        return xorbs
    }()

    /// The bytes that a part asks for.
    static func bytes(_ part: Reconstruction.Part) -> [UInt8] {
        let xorb = xorbs[part.xorb]?.bytes ?? []
        return Array(xorb[part.bytes.clamped(to: xorb.indices)])
    }
}

/// Puts the wanted bytes of a file together, as a download does, from parts that arrive in steps.
func assembled(
    _ answer: [UInt8], _ version: Reconstruction.Version, _ wanted: Range<Int>, step: Int = .max,
    _ bytes: (Reconstruction.Part) -> [UInt8] = XetFixtures.bytes
) throws -> [UInt8] {
    var file = [UInt8](repeating: 0, count: wanted.count)
    for plan in try Reconstruction(answer, version).plan(for: wanted) {
        var reader = PartReader(plan)
        let part = bytes(plan.part)
        var start = 0
        while start < part.count {
            let end = start + min(step, part.count - start)
            reader.append(part.span.extracting(start..<end))
            start = end
            while let pieces = try reader.next() {
                for piece in pieces {
                    for (index, byte) in piece.bytes.enumerated() {
                        file[piece.offset - wanted.lowerBound + index] = byte
                    }
                }
            }
        }
        try reader.finish()
    }
    return file
}
