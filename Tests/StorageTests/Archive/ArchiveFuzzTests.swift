import TestSupport
import Testing

@testable import Formats
@testable import Storage

/// Random damage to archives: an error or files, never a trap, and what comes out keeps its promises.
@Suite(.tags(.fuzz), .series) struct ArchiveFuzzTests {
    @Test(arguments: ArchiveFormat.allCases, 0..<4 as Range<UInt64>)
    func neverTraps(format: ArchiveFormat, seed: UInt64) async throws {
        try await withTemporaryDirectory { directory in
            var random = SeededGenerator(seed: seed)
            let path = directory + "/x" + format.suffix
            try writeArchive(path, format, awkwardFiles.filter { $0.content.count < 20_000 })
            let archive = try contents(path)
            for _ in 0..<150 {
                let damaged = mutated(archive, with: &random)
                try writeFile(path, damaged)
                do {
                    for file in try readArchive(path, format, limit: 1 << 22) {
                        #expect(RelativePath(file.path) != nil)
                    }
                } catch is ArchiveError {
                } catch is Stop {}
            }
        }
    }
}
