import Testing

@testable import Formats
@testable import Manifests
@testable import Storage
@testable import Transfer

/// What is read of the Hub's lists of files, and written of them.
@Suite struct ListingTests {
    private static let sha256 = String(repeating: "0123456789abcdef", count: 4)
    private static let sha1 = String(repeating: "a", count: 40)

    private static func file(_ text: String) throws -> HubFile? { HubFile(try JSON.parse(Array(text.utf8))) }

    @Test func aFileIsWhatItsDigestStates() throws {
        let plain = try #require(
            try Self.file(#"{"type":"file","path":"a","size":3,"oid":"\#(Self.sha1)"}"#))
        #expect(plain.identity?.name == Self.sha1 && plain.identity?.size == 3)
        let large = try #require(
            try Self.file(
                #"{"type":"file","path":"b","size":133,"oid":"\#(Self.sha1)","lfs":{"oid":"\#(Self.sha256)","size":9,"pointerSize":133}}"#
            ))
        #expect(large.identity?.name == Self.sha256 && large.identity?.size == 9)
    }

    @Test(arguments: [
        #"{"type":"directory","path":"a","size":3,"oid":"x"}"#, #"{"type":"file","size":3,"oid":"x"}"#,
        #"{"type":"file","path":"a","size":-3,"oid":"x"}"#, #"{"type":"file","path":"a","size":3}"#, "[]",
    ])
    func whatIsNoFileIsNone(_ text: String) throws {
        #expect(try Self.file(text) == nil)
    }

    @Test func aDigestThatIsNoneProvesNothing() throws {
        #expect(try Self.file(#"{"type":"file","path":"a","size":3,"oid":"../../x"}"#)?.identity == nil)
    }

    /// `json.dumps({"format_version": 1, "files": {…}}, indent=1)` of CPython 3.11.
    @Test func theListInTheCacheIsPythonsToTheByte() throws {
        let files = [
            try #require(
                try Self.file(#"{"type":"file","path":"é\"\\\u0001😀","size":0,"oid":"\#(Self.sha1)"}"#)),
            try #require(
                try Self.file(
                    #"{"type":"file","path":"a/b","size":1,"oid":"c","lfs":{"oid":"\#(Self.sha256)","size":2},"xetHash":"\#(Self.sha256)"}"#
                )),
        ]
        let repository = HubRepository(kind: .model, id: "a/b")
        let listing = HubListing(repository: repository, commit: Self.sha1, files: files)
        let wanted = """
            {
             "format_version": 1,
             "files": {
              "a/b": {
               "size": 1,
               "blob_id": "c",
               "lfs_sha256": "\(Self.sha256)",
               "lfs_size": 2,
               "xet_hash": "\(Self.sha256)"
              },
              "\\u00e9\\"\\\\\\u0001\\ud83d\\ude00": {
               "size": 0,
               "blob_id": "\(Self.sha1)"
              }
             }
            }
            """
        #expect(String(decoding: try #require(listing.treeFile), as: UTF8.self) == wanted)
        let wrong = try #require(
            try Self.file(#"{"type":"file","path":"a","size":1,"oid":"c","xetHash":"x"}"#))
        #expect(HubListing(repository: repository, commit: Self.sha1, files: [wrong]).treeFile == nil)
    }

    @Test func theChecksumSeesEveryByteAndEveryPlace() {
        var bytes = [UInt8](repeating: 0, count: 100)
        var seen: Set<UInt64> = [BlockChecksum.of(bytes.span)]
        for index in bytes.indices {
            bytes[index] = 1
            #expect(seen.insert(BlockChecksum.of(bytes.span)).inserted)
            bytes[index] = 0
        }
        for length in 0..<100 {
            #expect(seen.insert(BlockChecksum.of(bytes.span.extracting(0..<length))).inserted)
        }
    }
}
