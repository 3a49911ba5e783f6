import Formats
import Testing

@testable import Caches
@testable import Manifests
@testable import Storage

/// The caches in `fixtures/caches`, which `make.py` there makes.
enum CacheFixtures {
    static let directory =
        #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/fixtures/caches"
    static let hub = HubCache(root: directory + "/hub")
    static let kagglehub = KagglehubCache(root: directory + "/kagglehub")
    static let caches = Caches(hub: hub, kagglehub: kagglehub)

    static let linkedNew = "86ab843154a967db354b459601efdfc8e6403986"
    static let linkedOld = "c2ecf355d308e56c508911391674888ad82fe645"
    static let movedOld = "3532bacc28b1f82ebd690c16162f098dfd37283e"
    static let movedNew = "a6922fe8e79afc10d718dbadac73c52e24698639"
    static let danglingOld = "c74e8f3f48df739ec7d915f83cf4a77bbaf83c9e"

    /// Of the content of every `model.safetensors` and `train.parquet`.
    static let weights = "411a485216e432ece6b9af94fa32154cf79a2a56d4f81266baa50063f45092bd"

    static func model(_ id: String) -> HubRepository { HubRepository(kind: .model, id: id) }

    static func kaggle(_ text: String, _ kind: KaggleHandle.Kind = .model) throws -> KaggleHandle {
        try KaggleHandle.parse(kind, text)
    }

    static func snapshot(_ id: String, _ revision: String = "main") throws -> Snapshot {
        try hub.snapshot(model(id), revision: revision)
    }
}

extension Snapshot {
    var paths: [RelativePath] { files.map(\.path) }

    func file(_ path: RelativePath) -> CachedFile? { files.first { $0.path == path } }

    func problem(_ code: String) -> Diagnostic? { problems.first { $0.code.rawValue == code } }
}

extension CachedFile {
    /// The kinds of proof that the evidence gives, strongest first.
    var proofs: [String] { evidence.map { Proof($0).rawValue } }
}

/// The findings that a stage ended with; a failed expectation where it did not.
func findings<Result>(_ body: () throws(Diagnostics) -> Result) -> [Diagnostic] {
    do throws(Diagnostics) {
        _ = try body()
        Issue.record("nothing was found")
        return []
    } catch {
        return error.all
    }
}
