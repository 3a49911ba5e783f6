import TestSupport
import Testing

@testable import Storage

@Suite struct HashingTests {
    /// Values of FIPS 180-4's examples and of `git hash-object`.
    @Test(arguments: [
        (
            "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
        ),
        (
            "hello", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
            "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"
        ),
        (
            "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "f2ba8f84ab5c1bce84a7b441cb1959cfc7093b7f"
        ),
    ])
    func hashesContentAsGitAndSHA256Do(_ text: String, sha256: String, git: String) async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/file"
            try writeFile(path, text)
            var buffer = Buffer(count: 3)
            let read = try FileReader.read(path, gitBlob: true, buffer: &buffer) { _ in }
            #expect(read.digests.sha256.hex == sha256)
            #expect(read.digests.gitBlob?.hex == git)
            #expect(read.status.size == text.utf8.count)
        }
    }

    @Test func readsBlocksInOrder() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/file"
            let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try writeFile(path, bytes)
            var buffer = Buffer(count: 999)
            var seen: [UInt8] = []
            _ = try FileReader.read(path, gitBlob: false, buffer: &buffer) { block in
                for index in block.indices { seen.append(block[index]) }
            }
            #expect(seen == bytes)
        }
    }

    @Test func refusesFileThatGrowsWhileItIsRead() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/file"
            try writeFile(path, "0123456789")
            var buffer = Buffer(count: 4)
            #expect(throws: ReadFailure.self) {
                _ = try FileReader.read(path, gitBlob: false, buffer: &buffer) { _ in
                    try writeFile(path + "2", "0123456789ABCDEF")
                    try AtomicFile.rename(path + "2", to: path)
                    try Directory.removeFile(path)
                }
            }
        }
    }

    @Test func refusesLinkAndPipeAndDirectory() async throws {
        try await withTemporaryDirectory { directory in
            try writeFile(directory + "/file", "x")
            try makeLink(directory + "/link", to: "file")
            #expect(throws: FileError.self) { _ = try FileHandle.reading(directory + "/link") }
            #expect(throws: FileError.self) { _ = try FileHandle.reading(directory) }
            #expect(throws: FileError.self) { _ = try FileHandle.reading("/dev/null") }
            #expect(throws: FileError.self) { _ = try FileHandle.reading(directory + "/file\0x") }
        }
    }

    @Test func digestsReadOnlyTheirOwnLengthInLowercase() {
        let digest = String(repeating: "0f", count: 32)
        #expect(SHA256Digest(hex: digest)?.hex == digest)
        #expect(SHA256Digest(hex: digest.uppercased()) == nil)
        #expect(SHA256Digest(hex: digest.dropLast()) == nil)
        #expect(SHA256Digest(hex: digest.dropLast() + "g") == nil)
        #expect(GitBlobDigest(hex: digest) == nil)
        #expect(GitBlobDigest(hex: String(repeating: "ab", count: 20)) != nil)
    }
}
