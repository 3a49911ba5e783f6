import Formats
import Storage
import TestSupport
import Testing

@testable import Xet

@Suite("Reconstructions")
struct ReconstructionTests {
    @Test(
        "files are what was stored, from both forms of an answer and from parts that arrive in pieces",
        arguments: Reconstruction.Version.allCases)
    func files(version: Reconstruction.Version) throws {
        #expect(XetFixtures.files.count >= 7)
        for (name, file) in XetFixtures.files {
            for step in [Int.max, 4_099] {
                let bytes = try assembled(file.answer(version), version, 0..<file.size, step: step)
                #expect(XetFileHasher.hash(bytes.span) == file.hash, "\(name)")
                #expect(try ContentHasher.sha256(bytes.span).hex == file.sha256, "\(name)")
            }
        }
    }

    @Test("a range of a file is what is there, wherever it begins and ends")
    func ranges() throws {
        let file = try #require(XetFixtures.files["end"])
        let whole = try assembled(file.answer(.two), .two, 0..<file.size)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20 {
            let start = Int.random(in: 0..<file.size, using: &random)
            let end = Int.random(in: start + 1...file.size, using: &random)
            let answer = try narrowed(file.answer(.two), start..<end)
            #expect(try assembled(answer, .two, start..<end) == Array(whole[start..<end]))
        }
    }

    /// An answer for a range, made from the one for the whole file: the terms that it touches.
    private func narrowed(_ answer: [UInt8], _ wanted: Range<Int>) throws -> [UInt8] {
        let json = try JSON.parse(answer)
        var offset = 0
        var skipped: Int?
        var terms: [JSON] = []
        for term in json["terms"]?.array ?? [] {
            let size = term["unpacked_length"]?.integer ?? 0
            if (offset..<offset + size).overlaps(wanted) {
                skipped = skipped ?? max(0, wanted.lowerBound - offset)
                terms.append(term)
            }
            offset += size
        }
        let narrow: JSON = .object([
            .init("offset_into_first_range", .integer(skipped ?? 0)), .init("terms", .array(terms)),
            .init("xorbs", json["xorbs"] ?? .null),
        ])
        return Array(narrow.compactText.utf8)
    }

    @Test("an answer that cannot be is refused")
    func refused() throws {
        let file = try #require(XetFixtures.files["end"])
        let text = String(decoding: file.answer(.two), as: UTF8.self)
        let changes: [(String, String)] = [
            (#""offset_into_first_range":0"#, #""offset_into_first_range":-1"#),
            (#""offset_into_first_range":0"#, #""offset_into_first_range":1.5"#),
            (#""offset_into_first_range":0"#, #""offset_into_first_range":131072"#),
            (#""offset_into_first_range":0"#, #""offset_into_first_range":1"#),
            (#""unpacked_length":131072"#, #""unpacked_length":131073"#),
            (#""unpacked_length":131072"#, #""unpacked_length":0"#),
            (#""unpacked_length":131072"#, #""unpacked_length":131071"#),
            (#""unpacked_length":131072"#, #""unpacked_length":9223372036854775807"#),
            (#""terms":[{"#, #""terms":[{},{"#), (#""terms""#, #""term""#), (#""xorbs""#, #""fetch_info""#),
            (#""start":0,"end":1}"#, #""start":1,"end":1}"#),
            (#""start":0,"end":1}"#, #""start":0,"end":9}"#),
            (#""bytes":{"start":0,"#, #""bytes":{"start":9223372036854775807,"#),
            (#""bytes":{"start":0,"#, #""bytes":{"start":-1,"#),
            (#""url""#, #""ur""#), (#""ranges""#, #""range""#),
        ]
        for (old, new) in changes {
            let parts = text.split(separator: old, maxSplits: 1, omittingEmptySubsequences: false)
            try #require(parts.count == 2, "\(old)")
            let changed = Array((parts[0] + new + parts[1]).utf8)
            #expect(throws: FormatError.self, "\(new)") { try assembled(changed, .two, 0..<file.size) }
        }
        #expect(throws: FormatError.self) { try assembled(file.answer(.two), .one, 0..<file.size) }
        #expect(throws: FormatError.self) { try assembled(file.answer(.two), .two, 0..<file.size + 1) }
    }

    @Test("terms behind what was asked for, and a part that is larger than a xorb, are refused")
    func excess() throws {
        let file = try #require(XetFixtures.files["mixed"])
        #expect(throws: FormatError.self) { try assembled(file.answer(.one), .one, 0..<1_000) }
        let hash = XetHash.zero.text
        let large = """
            {"offset_into_first_range":0,"terms":[{"hash":"\(hash)","unpacked_length":9,"range":{"start":0,"end":1}}],\
            "fetch_info":{"\(hash)":[{"url":"u","range":{"start":0,"end":1},"url_range":{"start":0,"end":67108864}}]}}
            """
        #expect(throws: FormatError.self) { try Reconstruction(Array(large.utf8), .one) }
    }

    @Test("a chunk that is shorter or longer than its term states is found when the part ends")
    func lengths() throws {
        let file = try #require(XetFixtures.files["long"])
        let plans = try Reconstruction(file.answer(.two), .two).plan(for: 0..<file.size)
        let plan = try #require(plans.first)
        for difference in [-1, 1] {
            let uses = plan.uses.map {
                PartPlan.Use(chunks: $0.chunks, offset: $0.offset, size: $0.size + difference)
            }
            var reader = PartReader(PartPlan(part: plan.part, uses: uses, wanted: plan.wanted))
            reader.append(XetFixtures.bytes(plan.part).span)
            #expect(throws: FormatError.self) {
                while try reader.next() != nil {}
                try reader.finish()
            }
        }
    }

    @Test("a bit that is flipped anywhere in a part is an error, another hash, or changes no byte")
    func flippedParts() throws {
        var random = SeededGenerator(seed: 11)
        for (name, file) in XetFixtures.files where file.size < 400_000 {
            let whole = try assembled(file.answer(.two), .two, 0..<file.size)
            for _ in 0..<12 {
                let place = UInt64.random(in: 0...UInt64.max, using: &random)
                let bytes = try? assembled(file.answer(.two), .two, 0..<file.size) { part in
                    var bytes = XetFixtures.bytes(part)
                    let bit = Int(place % UInt64(8 * bytes.count))
                    bytes[bit / 8] ^= 1 << UInt8(bit % 8)
                    return bytes
                }
                guard let bytes, bytes != whole else { continue }
                #expect(XetFileHasher.hash(bytes.span) != file.hash, "\(name)")
            }
        }
    }

    @Test(
        "answers and parts with seeded damage give an error, the file, or bytes with another hash, and never end the process"
    )
    func damaged() throws {
        var random = SeededGenerator(seed: 12)
        for name in ["floats", "mixed", "end"] {
            let file = try #require(XetFixtures.files[name])
            let whole = try assembled(file.answer(.one), .one, 0..<file.size)
            for round in 0..<60 {
                var answer = file.answer(.one)
                if round % 2 == 0 { damage(&answer, with: &random) }
                let bytes = try? assembled(answer, .one, 0..<file.size) { part in
                    var bytes = XetFixtures.bytes(part)
                    if round % 2 == 1 { damageNumbers(&bytes, with: &random) }
                    return bytes
                }
                guard let bytes, bytes != whole else { continue }
                #expect(XetFileHasher.hash(bytes.span) != file.hash, "\(name), round \(round)")
            }
        }
    }
}
