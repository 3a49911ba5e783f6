import TestSupport
import Testing

@testable import Formats

/// Archives with something in front of them, as programs that unpack themselves are.
@Suite struct ZipPrefixTests {
    private func members(
        _ bytes: [UInt8], _ rules: ZipCentralDirectory.Rules
    ) throws(ZipError) -> [ZipCentralDirectory.Member] {
        let tail = Array(bytes[ZipCentralDirectory.tail(fileSize: bytes.count)])
        let location = try ZipCentralDirectory.locate(tail: tail.span, fileSize: bytes.count, rules: rules)
        return try ZipCentralDirectory.parse(Array(bytes[location.bytes]).span, at: location).members
    }

    private let prefix = Array("#!/bin/sh\nexec unzip $0\n".utf8)

    @Test(arguments: [false, true]) func placesCountFromTheStartOfTheFile(hasEnd64: Bool) throws {
        var builder = ZipBuilder.file("a", "b")
        builder.hasEnd64 = hasEnd64
        let plain = try members(builder.archive.bytes, .archive)
        let shifted = try members(prefix + builder.archive.bytes, .archive)
        #expect(plain.map(\.name) == ["a", "b"] && shifted.map(\.name) == ["a", "b"])
        #expect(shifted.map(\.headerStart) == plain.map { $0.headerStart + prefix.count })
    }

    @Test(arguments: [false, true]) func aModelsFileHasNothingInFront(hasEnd64: Bool) {
        var builder = ZipBuilder.file("a", "b")
        builder.hasEnd64 = hasEnd64
        let error = #expect(throws: ZipError.self) { try members(prefix + builder.archive.bytes, .wholeFile) }
        #expect(error?.kind == .damaged)
    }

    /// Most readers take the last record, whatever the comment of an earlier one is.
    @Test func refusesACommentThatHoldsAnotherEnd() throws {
        let bytes = ZipBuilder.file("a").archive.bytes
        let comment = Array(bytes.suffix(22)) + [0]
        let commented = Array(bytes.prefix(bytes.count - 2)) + [UInt8(comment.count), 0] + comment
        #expect(throws: ZipError.self) { try members(commented, .archive) }
        #expect(throws: ZipError.self) { try members(commented, .wholeFile) }
    }

    @Test func namesTheKindAndTheMember() {
        let twice = #expect(throws: ZipError.self) {
            try members(ZipBuilder.file("a", "a").archive.bytes, .archive)
        }
        #expect(twice?.kind == .duplicate && twice?.member == "a")
    }
}
