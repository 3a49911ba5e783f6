import TestSupport
import Testing

@testable import Formats
@testable import Storage

struct ZipCentralDirectoryTests {
    @Test func findsMembers() throws {
        let archive = ZipBuilder.file("a", "b/../../c", "é").archive
        let members = try zipDirectory(archive.bytes).members
        #expect(members.map(\.name) == ["a", "b/../../c", "é"])
        #expect(members.map(\.headerStart) == archive.headers)
        #expect(members.map(\.size) == [12, 20, 13])
        #expect(members.allSatisfy { $0.crc32 == 7 && $0.isPlain && $0.compressedSize == $0.size })
        #expect(members.map(\.limit) == Array(archive.headers.dropFirst()) + [archive.directory])
        for (member, start) in zip(members, archive.contents) {
            let header = Array(archive.bytes[member.localHeader])
            #expect(try member.content(localHeader: header.span) == start..<start + member.size)
        }
    }

    @Test func readsZip64() throws {
        var builder = ZipBuilder.file("a", "b")
        builder.hasEnd64 = true
        builder.members[1].isZip64 = true
        var archive = builder.archive
        #expect(try zipContents(archive.bytes)["b"]?.lowerBound == archive.contents[1])
        // As the format has it where a number does not fit: all ones in the short record.
        archive.set(archive.end + 8, 0xFFFF_FFFF, 4)
        archive.set(archive.end + 12, .max, 8)
        #expect(try zipDirectory(archive.bytes).members.count == 2)
    }

    @Test func readsWhatWritersAdd() throws {
        var builder = ZipBuilder.file("a", "b")
        builder.comment = Array("PK\u{5}\u{6} in a comment".utf8)
        builder.members[0].hasDescriptor = true
        builder.members[0].localExtra = number(0x4246, 2) + number(5, 2) + zeros(5)
        builder.members[1].extra = number(0x5455, 2) + number(1, 2) + [9] + zeros(3)
        builder.members[1].comment = Array("comment".utf8)
        let archive = builder.archive
        let contents = try zipContents(archive.bytes)
        #expect(contents["a"]?.lowerBound == archive.contents[0])
        #expect(contents["b"]?.lowerBound == archive.contents[1])
    }

    @Test func readsAnArchiveWithoutMembers() throws {
        #expect(try zipDirectory(ZipBuilder().archive.bytes).members.isEmpty)
    }

    @Test func readsTheLongestComment() throws {
        var builder = ZipBuilder.file("a")
        builder.comment = zeros(65535)
        builder.hasEnd64 = true
        #expect(try zipDirectory(builder.archive.bytes).members.count == 1)
    }

    @Test func neverReadsMoreThanTheTail() {
        #expect(ZipCentralDirectory.tail(fileSize: 0) == 0..<0)
        #expect(ZipCentralDirectory.tail(fileSize: -1) == 0..<0)
        #expect(ZipCentralDirectory.tail(fileSize: 100) == 0..<100)
        let range = ZipCentralDirectory.tail(fileSize: .max)
        #expect(range.upperBound == .max && range.count == 66_657)
    }

    @Test func plainIsWhatIsStoredAndNotEncrypted() throws {
        var builder = ZipBuilder.file("deflated", "encrypted", "strong", "masked", "patch", "plain")
        builder.members[0].method = 8
        builder.members[1].flags = 1
        builder.members[2].flags = 0x40
        builder.members[3].flags = 0x2000
        builder.members[4].flags = 0x20
        builder.members[5].flags = 0x800
        let members = try zipDirectory(builder.archive.bytes).members
        #expect(members.map(\.isPlain) == [false, false, false, false, false, true])
        #expect(members.map(\.isEncrypted) == [false, true, true, true, false, false])
    }

    @Test func allowsTwoSizesOfACompressedMember() throws {
        var builder = ZipBuilder.file("a")
        builder.members[0].method = 8
        var archive = builder.archive
        archive.set(archive.records[0] + 24, 1 << 31, 4)
        #expect(try zipDirectory(archive.bytes).members[0].size == 1 << 31)
    }
}
