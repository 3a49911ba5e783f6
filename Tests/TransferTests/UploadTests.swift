import Formats
import Manifests
import Storage
import TestSupport
import Testing

@testable import Transfer

@Suite struct UploadTests {
    @Test(arguments: [
        ("bytes=0-0", 1), ("bytes=0-262143", 262_144), ("bytes=1-2", nil), ("0-99", nil), ("bytes=0-", nil),
        ("bytes=0-9223372036854775807", nil), ("bytes=0-1,3-4", nil), ("", nil),
    ])
    func theRangeOfAnUnfinishedUploadBeginsWithItsFirstByte(text: String, end: Int?) {
        #expect(ResumableSession.end(of: text) == end)
    }

    @Test func filesAreInTheDirectoriesThatTheirPathsName() throws {
        let tree = KaggleTree([
            ("README.md", "t1"), ("files/a/x", "t2"), ("files/a/y", "t3"), ("files/b", "t4"),
        ])
        #expect(
            JSON.object(tree.members).compactText
                == #"{"files":[{"token":"t1"}],"directories":[{"name":"files","files":[{"token":"t4"}],"#
                + #""directories":[{"name":"a","files":[{"token":"t2"},{"token":"t3"}],"directories":[]}]}]}"#
        )
    }

    @Test func aFileInRangesIsReadFromAnyPlace() async throws {
        try await withTemporaryDirectory { directory in
            let bytes = (0..<100).map { UInt8($0) }
            let path = Path.join(directory, "source")
            try writeFile(path, bytes)
            let ranges = [10..<15, 50..<51, 90..<100]
            let whole = ranges.flatMap { bytes[$0] }
            let file = OutgoingFile(
                path: "store/x", size: whole.count, sha256: try ContentHasher.sha256(whole.span),
                content: .file(path, ranges: ranges))
            let reader = try OutgoingReader(file)
            var buffer = Buffer(count: 64)
            for start in 0..<whole.count {
                for count in 0...(whole.count - start) {
                    try reader.fill(&buffer, from: start, count: count)
                    let read = buffer.withBytes(count) { part in part.indices.map { part[$0] } }
                    #expect(read == Array(whole[start..<start + count]))
                }
            }
            #expect(throws: ReadFailure.self) { try reader.fill(&buffer, from: 10, count: 20) }
        }
    }

    @Test func aFileOfAnotherSizeIsNotOpened() async throws {
        try await withTemporaryDirectory { directory in
            let path = Path.join(directory, "source")
            try writeFile(path, [1, 2, 3])
            let file = OutgoingFile(
                path: "x", size: 4, sha256: try ContentHasher.sha256([1, 2, 3, 4].span),
                content: .file(path, ranges: nil))
            #expect(throws: OutgoingChanged.self) { _ = try OutgoingReader(file) }
        }
    }

    @Test func partsOfAnObjectAreReadInTheirOrderPaddedOrNot() throws {
        let endpoint = try #require(HubEndpoint("https://hub"))
        for names in [["1", "2"], ["00001", "00002"]] {
            let upload: JSON = [
                "href": "https://hub/complete",
                "header": .object([
                    JSON.Member("chunk_size", "10"), JSON.Member(names[1], "https://store/b"),
                    JSON.Member(names[0], "https://store/a"),
                ]),
            ]
            let action = try LFSAction(upload, verify: nil, endpoint)
            #expect(action.parts?.addresses.map(\.description) == ["https://store/a", "https://store/b"])
            #expect(action.parts?.size == 10 && action.verify == nil)
        }
        #expect(throws: NetworkError.self) {
            try LFSAction(["href": "http://store/a"], verify: nil, endpoint)
        }
    }

    @Test(arguments: [
        (400, "Invalid blob token for x", true), (404, "", true), (400, "the title is taken", false),
        (500, "token", false),
    ])
    func onlyARefusalOfWhatWasSentIsAReasonToSendItAgain(status: Int, words: String, isIt: Bool) {
        let refusal = KaggleRefusal(status: status, message: words, of: .dataset, isKnown: true)
        #expect(refusal.isAboutUploads == isIt)
    }
}
