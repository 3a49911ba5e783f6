import TestSupport
import Testing

@testable import Formats
@testable import Tensors

/// Files made at random, of which is known where the tensors are stored.
struct ExtentPropertyTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func findsEveryTensorOfAGGUF(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            var file = GGUFBuilder()
            file.version = UInt64.random(in: 2...3, using: &random)
            if Bool.random(using: &random) {
                file.alignment = 1 << Int.random(in: 0...9, using: &random)
                file.item("general.alignment", .uint32, number(UInt64(file.alignment), 4))
            }
            for index in 0..<Int.random(in: 0...5, using: &random) {
                let words = (0..<index).flatMap { GGUFBuilder.text(String(repeating: "ü", count: $0)) }
                file.item("key \(index)", .array, GGUFBuilder.array(.string, UInt64(index), words))
            }
            var end = 0
            var expected: [Range<Int>] = []
            for index in 0..<Int.random(in: 0...20, using: &random) {
                let type = try #require(GGMLType.allCases.randomElement(using: &random))
                let blocks = UInt64.random(in: 0...3, using: &random)
                var dimensions = [UInt64(type.blockLength) * blocks]
                while Bool.random(using: &random), dimensions.count < 8 {
                    dimensions.append(UInt64.random(in: 1...2, using: &random))
                }
                // A gap at times.
                end += file.alignment * Int.random(in: 0...1, using: &random)
                file.tensor("blk.\(index)", dimensions, type, offset: UInt64(end))
                let size = file.tensors[index].size
                expected.append(end..<end + size)
                end = (end + size + file.alignment - 1) / file.alignment * file.alignment
            }
            let places = Array(zip(file.tensors, expected)).shuffled(using: &random)
            file.tensors = places.map(\.0)
            let bytes = file.bytes + zeros(Int.random(in: 0...9, using: &random))
            let header = try ggufHeader(bytes)
            #expect(header.tensors.map(\.bytes) == places.map(\.1))
            guard case .tensors(let found) = tensors("a.gguf", bytes) else {
                Issue.record("no tensors")
                continue
            }
            #expect(
                found.extents.map(\.bytes)
                    == expected.filter { !$0.isEmpty }.map { $0.shifted(by: header.dataStart) })
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func findsEveryStoredMemberOfAZip(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<10 {
            var builder = ZipBuilder()
            builder.hasEnd64 = Bool.random(using: &random)
            builder.comment = zeros(Int.random(in: 0...30, using: &random))
            for index in 0..<Int.random(in: 1...20, using: &random) {
                var member = ZipBuilder.Member(
                    "root/data/\(index)", zeros(Int.random(in: 0...99, using: &random)))
                member.isZip64 = Bool.random(using: &random)
                member.hasDescriptor = Bool.random(using: &random)
                member.method = Bool.random(using: &random) ? 0 : 8
                member.flags = Bool.random(using: &random) ? 0 : 0x800
                member.localExtra = number(0x4246, 2) + number(UInt64(index), 2) + zeros(index)
                member.comment = zeros(Int.random(in: 0...5, using: &random))
                builder.members.append(member)
            }
            let archive = builder.archive
            guard case .tensors(let found) = tensors("", archive.bytes, smallest: 10) else {
                Issue.record("no tensors")
                continue
            }
            let expected = zip(builder.members, archive.contents)
                .filter { $0.0.method == 0 && $0.0.content.count >= 10 }
            #expect(found.extents.map(\.bytes) == expected.map { $0.1..<$0.1 + $0.0.content.count })
            #expect(found.extents.map { Array($0.name.utf8) } == expected.map(\.0.name))
        }
    }
}
