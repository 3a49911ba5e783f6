import TestSupport
import Testing

@testable import Formats
@testable import ModelFacts
@testable import Storage

@Suite struct ModelFileReaderTests {
    private func file(_ name: String, _ bytes: [UInt8], in directory: String) throws -> ModelFile {
        try writeFile("\(directory)/\(name)", bytes)
        return ModelFile(
            path: RelativePath(checked: name), location: "\(directory)/\(name)", size: bytes.count)
    }

    private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 / 7) } }

    @Test func whatIsReadAsAWholeIsHashedAsTheFileIs() async throws {
        try await withTemporaryDirectory { directory in
            let reader = ModelFileReader()
            for size in [0, 1, 4_096, OpenedFile.smallSize, OpenedFile.smallSize + 1, 300_000] {
                let content = bytes(size)
                let file = try file("f\(size).json", content, in: directory)
                #expect(try reader.document(file, limit: size) == content)
                let kept = try #require(reader.kept[file.path])
                var buffer = Buffer(count: 4_096)
                let read = try FileReader.read(file.location, gitBlob: true, buffer: &buffer) { _ in }
                #expect(try kept.hashed(gitBlob: true) == read)
                #expect(throws: FileError.self) { try reader.document(file, limit: size - 1) }
            }
        }
    }

    @Test func aRangeIsTheFilesWhateverIsKept() async throws {
        try await withTemporaryDirectory { directory in
            for room in [0, 1 << 20] {
                let reader = ModelFileReader(room: room)
                let content = bytes(100_000)
                let file = try file("f\(room).bin", content, in: directory)
                for range in [0..<4, 4_000..<5_000, 99_990..<100_010, 100_000..<100_001, 200_000..<200_001] {
                    #expect(try reader.bytes(range, of: file) == content.within(range))
                }
                #expect(reader.kept.isEmpty)
                #expect(try reader.whole(file, atMost: 10) == content.within(0..<10))
                #expect(reader.kept.isEmpty == (room == 0))
                #expect(try reader.bytes(4_000..<5_000, of: file) == content.within(4_000..<5_000))
            }
        }
    }

    @Test func anotherFileThatHasThePathMeanwhileIsNotRead() async throws {
        try await withTemporaryDirectory { directory in
            let found = try file("f.bin", bytes(100_000), in: directory)
            let status = try FileStatus.status(of: found.location)
            let known = ModelFile(
                path: found.path, location: found.location, size: found.size, status: status)
            #expect(try ModelFileReader().bytes(0..<4, of: known) == [0, 0, 0, 0])
            try writeFile("\(directory)/other", bytes(100_000))
            try AtomicFile.rename("\(directory)/other", to: found.location)
            #expect(throws: FileError.self) { try ModelFileReader().bytes(0..<4, of: known) }
        }
    }

    @Test func noMoreIsKeptThanThereIsRoomFor() async throws {
        try await withTemporaryDirectory { directory in
            let reader = ModelFileReader(room: 250)
            for number in 0..<100 {
                let file = try file("\(number).json", bytes(100), in: directory)
                #expect(try reader.document(file, limit: 100) == bytes(100))
            }
            #expect(reader.kept.count == 2)
            #expect(reader.room == 50)
        }
    }
}
