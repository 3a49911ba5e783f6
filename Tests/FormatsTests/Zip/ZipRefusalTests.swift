import TestSupport
import Testing

@testable import Formats
@testable import Storage

/// An archive of two members, a and b, with something changed, and the part that an error has to name.
private func broken(
    _ name: String, at place: KeyPath<ZipBuilder.Archive, Int>, plus distance: Int = 0, zip64: Bool = false,
    _ change: (inout ZipBuilder.Archive) -> Void = { _ in }, build: (inout ZipBuilder) -> Void = { _ in }
) -> Refusal {
    var builder = ZipBuilder.file("a", "b")
    builder.hasEnd64 = zip64
    build(&builder)
    var archive = builder.archive
    let offset = archive[keyPath: place] + distance
    change(&archive)
    return Refusal(name, archive.bytes, at: offset)
}

private let ends: [Refusal] = [
    .init("no bytes", [], at: 0),
    .init("a file of zeros", zeros(1000), at: 1000),
    broken("a file that is cut short", at: \.bytes.count, plus: -1, { $0.bytes.removeLast() }),
    broken("a byte behind the archive", at: \.bytes.count, plus: 1, { $0.bytes.append(0) }),
    broken(
        "bytes before the archive", at: \.end, plus: 3, { $0.bytes.insert(contentsOf: [1, 2, 3], at: 0) }),
    broken(
        "another end record in the comment", at: \.end,
        build: { $0.comment = number(0x0605_4B50, 4) + zeros(18) }),
    broken("two disks", at: \.end, { $0.set($0.end + 4, 1, 2) }),
    broken("a directory on another disk", at: \.end, { $0.set($0.end + 6, 1, 2) }),
    broken("a member more in all", at: \.end, { $0.set($0.end + 10, 3, 2) }),
    broken("more members than the directory can hold", at: \.end, { $0.set($0.end + 8, 0x7_0007, 4) }),
    broken("a directory past its end", at: \.end, { $0.set($0.end + 12, 1000, 4) }),
    broken("a directory of all ones without Zip64", at: \.end, { $0.set($0.end + 12, .max, 8) }),
    broken("a gap behind the directory", at: \.end, { $0.set($0.end + 16, 0, 4) }),
]

private let ends64: [Refusal] = [
    broken("a Zip64 count that differs", at: \.end, zip64: true) { $0.set($0.end64 + 24, 3, 8) },
    broken("Zip64 counts of 2^63", at: \.end64, zip64: true) { archive in
        archive.set(archive.end + 8, 0xFFFF_FFFF, 4)
        archive.set(archive.end64 + 24, 1 << 63, 8)
        archive.set(archive.end64 + 32, 1 << 63, 8)
    },
    broken("a Zip64 size and offset that overflow", at: \.end64, zip64: true) { archive in
        archive.set(archive.end + 12, .max, 8)
        archive.set(archive.end64 + 40, .max, 8)
        archive.set(archive.end64 + 48, UInt64(archive.end64) + 1, 8)
    },
    broken("a Zip64 record on disk 1", at: \.locator, zip64: true) { $0.set($0.locator + 4, 1, 4) },
    broken("two disks in Zip64's locator", at: \.locator, zip64: true) { $0.set($0.locator + 16, 2, 4) },
    broken("a Zip64 record past the file", at: \.locator, zip64: true) {
        $0.set($0.locator + 8, .max, 8)
    },
    broken("a Zip64 record in its locator", at: \.locator, zip64: true) {
        $0.set($0.locator + 8, UInt64($0.locator) - 55, 8)
    },
    broken("a Zip64 record elsewhere", at: \.headers[0], zip64: true) { $0.set($0.locator + 8, 0, 8) },
    broken("a Zip64 record that is too short", at: \.end64, zip64: true) { $0.set($0.end64 + 4, 43, 8) },
    broken("a Zip64 record of 2^64 - 1 bytes", at: \.end64, zip64: true) {
        $0.set($0.end64 + 4, .max, 8)
    },
]

private let records: [Refusal] = [
    broken("no record where one is claimed", at: \.records[0], { $0.set($0.records[0], 0, 4) }),
    broken("one member less", at: \.records[1]) { archive in
        archive.set(archive.end + 8, 0x1_0001, 4)
    },
    broken("a name past the directory", at: \.records[1], { $0.set($0.records[1] + 28, 0xFFFF, 2) }),
    broken("an extra field past the directory", at: \.records[1]) {
        $0.set($0.records[1] + 30, 1, 2)
    },
    broken("a comment past the directory", at: \.records[1], { $0.set($0.records[1] + 32, 1, 2) }),
    broken("a name that is not UTF-8", at: \.records[0], plus: 46, { $0.set($0.records[0] + 46, 0xFF, 1) }),
    broken("a name twice", at: \.records[1], { $0.set($0.records[1] + 46, 0x61, 1) }),
    broken(
        "a name with a zero byte", at: \.records[0], plus: 46, { $0.set($0.records[0] + 47, 0, 1) },
        build: { $0.members[0].name = Array("ab".utf8) }),
    broken(
        "a second name in a field of Info-ZIP's", at: \.records[0], plus: 47,
        build: { $0.members[0].extra = number(0x7075, 2) + number(6, 2) + [1] + zeros(4) + [0x63] }),
    broken("a member on another disk", at: \.records[0], { $0.set($0.records[0] + 34, 1, 2) }),
    broken("a stored member of two sizes", at: \.records[0], { $0.set($0.records[0] + 24, 11, 4) }),
    broken("a size of all ones without Zip64", at: \.records[0], plus: 47) {
        $0.set($0.records[0] + 20, 0xFFFF_FFFF, 4)
    },
    broken(
        "an extra field that is cut short", at: \.records[0], plus: 47,
        build: { $0.members[0].extra = number(5, 2) + number(9, 2) + zeros(8) }),
    broken(
        "two Zip64 fields", at: \.records[0], plus: 47 + 28,
        build: { builder in
            builder.members[0].isZip64 = true
            builder.members[0].extra = number(1, 2) + number(0, 2)
        }),
    broken(
        "a Zip64 field that is cut short", at: \.records[0], plus: 47 + 4 + 16,
        { archive in
            archive.set(archive.records[0] + 49, 20, 2)
            archive.set(archive.records[0] + 71, 0, 2)
        },
        build: { $0.members[0].isZip64 = true }),
    broken(
        "a size of 2^63", at: \.records[0],
        { archive in
            archive.set(archive.records[0] + 51, 1 << 63, 8)
            archive.set(archive.records[0] + 59, 1 << 63, 8)
        },
        build: { $0.members[0].isZip64 = true }),
]

private let places: [Refusal] = [
    broken("a member past the directory", at: \.records[1]) {
        $0.set($0.records[1] + 42, UInt64($0.directory), 4)
    },
    broken("a member at the end of 32 bits", at: \.records[1]) {
        $0.set($0.records[1] + 42, 0xFFFF_FFFE, 4)
    },
    broken(
        "a member at 2^63 - 1", at: \.records[1], { $0.set($0.records[1] + 67, .max >> 1, 8) },
        build: { $0.members[1].isZip64 = true }),
    broken("two members at one place", at: \.records[0]) { $0.set($0.records[1] + 42, 0, 4) },
    broken("a member inside another", at: \.records[0]) { $0.set($0.records[1] + 42, 20, 4) },
    broken("a content that reaches into the next member", at: \.records[0]) { archive in
        archive.set(archive.records[0] + 20, 13, 4)
        archive.set(archive.records[0] + 24, 13, 4)
    },
    broken("a content that reaches into the directory", at: \.records[1]) { archive in
        archive.set(archive.records[1] + 20, 13, 4)
        archive.set(archive.records[1] + 24, 13, 4)
    },
]

private let headers: [Refusal] = [
    broken("no local header", at: \.headers[1], { $0.set($0.headers[1], 0, 4) }),
    broken("another method", at: \.headers[1], { $0.set($0.headers[1] + 8, 8, 2) }),
    broken("an encrypted content", at: \.headers[1], { $0.set($0.headers[1] + 6, 1, 2) }),
    broken("another size", at: \.headers[1], { $0.set($0.headers[1] + 18, 11, 4) }),
    broken("another name", at: \.headers[1], { $0.set($0.headers[1] + 30, 0x63, 1) }),
    broken("a longer name", at: \.headers[1], { $0.set($0.headers[1] + 26, 2, 2) }),
    broken("an extra field into the directory", at: \.headers[1], { $0.set($0.headers[1] + 28, 1, 2) }),
    broken("an extra field past the file", at: \.headers[0], { $0.set($0.headers[0] + 28, 0xFFFF, 2) }),
]

struct ZipRefusalTests {
    @Test(arguments: ends + ends64 + records + places)
    func refusesTheDirectory(file: Refusal) {
        let error = #expect(throws: FormatError.self) { try zipDirectory(file.bytes) }
        #expect(error?.offset == file.offset, "\(error?.description ?? "")")
    }

    @Test(arguments: headers)
    func refusesTheLocalHeader(file: Refusal) throws {
        #expect(try zipDirectory(file.bytes).members.count == 2)
        let error = #expect(throws: FormatError.self) { try zipContents(file.bytes) }
        #expect(error?.offset == file.offset, "\(error?.description ?? "")")
    }

    @Test func refusesBytesThatAreNotTheOnesAskedFor() throws {
        let archive = ZipBuilder.file("a", "b").archive
        let bytes = archive.bytes
        #expect(throws: ZipError.self) {
            try ZipCentralDirectory.locate(tail: bytes.span.extracting(first: 50), fileSize: bytes.count)
        }
        let location = try ZipCentralDirectory.locate(tail: bytes.span, fileSize: bytes.count)
        #expect(throws: ZipError.self) { try ZipCentralDirectory.parse(bytes.span, at: location) }
        let member = try zipDirectory(bytes).members[0]
        #expect(throws: FormatError.self) { try member.content(localHeader: bytes.span) }
        #expect(throws: FormatError.self) { try member.content(localHeader: Span()) }
    }

    @Test func refusesDirectoriesPastTheLimits() {
        var builder = ZipBuilder.file("a")
        builder.hasEnd64 = true
        var archive = builder.archive
        archive.set(archive.end + 8, .max, 8)
        archive.set(archive.end + 16, 0xFFFF_FFFF, 4)
        // The last bytes of a file that is large.
        let size = 1 << 40
        let shift = size - archive.bytes.count
        archive.set(archive.locator + 8, UInt64(archive.end64 + shift), 8)
        func error(size: UInt64, count: UInt64) -> FormatError? {
            archive.set(archive.end64 + 24, count, 8)
            archive.set(archive.end64 + 32, count, 8)
            archive.set(archive.end64 + 40, size, 8)
            archive.set(archive.end64 + 48, UInt64(archive.end64 + shift) - size, 8)
            let tail =
                zeros(ZipCentralDirectory.tail(fileSize: 1 << 40).count - archive.bytes.count) + archive.bytes
            do {
                _ = try ZipCentralDirectory.locate(tail: tail.span, fileSize: 1 << 40)
                return nil
            } catch { return error.format }
        }
        #expect(error(size: 64 << 20, count: 250_000) == nil)
        #expect(error(size: 64 << 20 + 1, count: 1) != nil)
        #expect(error(size: 64 << 20, count: 250_001) != nil)
    }
}
