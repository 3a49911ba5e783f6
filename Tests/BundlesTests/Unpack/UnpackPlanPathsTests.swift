import TestSupport
import Testing

@testable import Bundles
@testable import Formats
@testable import Manifests
@testable import Storage

/// Which paths a lock may ask for at once.
@Suite struct UnpackPlanPathsTests {
    private func problem(_ paths: [RelativePath]) throws -> String? {
        let entry = LockedEntry(
            name: "m", kind: .files,
            asked: Asked(source: "path:m", include: nil, exclude: [], license: nil), origin: .path,
            license: nil, facts: [], files: try paths.map { try Samples.file($0, content: "\($0)") },
            tensors: [])
        do throws(Diagnostics) {
            _ = try UnpackPlan(UnpackTarget(.directories, "x"), [entry])
            return nil
        } catch {
            return error.all.first?.message
        }
    }

    @Test func takesPathsBesideEachOther() throws {
        #expect(try problem(["a", "a b", "a-b", "a.b", "ab", "b/a", "b/a b"]) == nil)
    }

    // A space, "-" and "." come before "/".
    @Test func refusesAFileBelowAFile() throws {
        let message = try problem(["a", "a b", "a-b/c", "a.b", "a/b/c"])
        #expect(message?.hasSuffix("\"m/a\" is a file, and \"m/a/b/c\" is below it") == true)
    }

    @Test func refusesOnePathTwice() throws {
        #expect(try problem(["a/b", "c", "a/b"])?.hasSuffix("two files would be at \"m/a/b\"") == true)
    }
}
