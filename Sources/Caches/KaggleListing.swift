import Manifests
import Storage

/// All handles of a kagglehub cache, by the names of its folders.
struct KaggleListing {
    /// With versions; models first, then data sets, competitions and notebooks.
    private(set) var handles: [KaggleHandle] = []
    /// Directories that no handle leads to, as paths from the cache.
    private(set) var strange: [String] = []

    /// Lists a cache that kagglehub filled itself, version by version.
    init(_ enclosure: inout CacheSandbox) {
        for kind in KaggleHandle.Kind.allCases {
            descend(kind, [], &enclosure)
        }
    }

    /// The handles of Kaggle's mounts, where only models are divided into versions and there are no markers.
    init(attached enclosure: inout CacheSandbox) {
        for kind in KaggleHandle.Kind.allCases { descend(kind, [], &enclosure, isAttached: true) }
    }

    private mutating func descend(
        _ kind: KaggleHandle.Kind, _ parts: [String], _ enclosure: inout CacheSandbox,
        isAttached: Bool = false
    ) {
        let path = (["\(kind.rawValue)s"] + parts).joined(separator: "/")
        if parts.count == kind.parts.base {
            guard let handle = KaggleHandle(kind, folders: parts) else {
                strange.append(path)
                return
            }
            if kind == .competition || (isAttached && kind != .model) { return handles.append(handle) }
            versions(of: handle, &enclosure)
        } else {
            for name in KaggleListing.directories(in: path, &enclosure) {
                // The markers of single files of competitions are beside the competitions.
                if kind == .competition, name == ".complete" { continue }
                descend(kind, parts + [name], &enclosure, isAttached: isAttached)
            }
        }
    }

    private mutating func versions(of handle: KaggleHandle, _ enclosure: inout CacheSandbox) {
        let folder = handle.versionsFolder
        var found: [Int] = []
        for name in KaggleListing.directories(in: folder, &enclosure) {
            if let version = KaggleHandle.version(name) {
                found.append(version)
            } else if name != ".complete" {
                strange.append("\(folder)/\(name)")
            }
        }
        handles += found.sorted().map { handle.with(version: $0) }
    }

    private static func directories(in path: String, _ enclosure: inout CacheSandbox) -> [String] {
        guard let place = enclosure.existing(path), let names = try? Directory.names(in: place.path)
        else { return [] }
        return names.filter { (try? enclosure.place($0, in: place.path))?.status.kind == .directory }
    }
}
