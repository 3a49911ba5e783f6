import Manifests
import Storage

/// All handles of a kagglehub cache, by the names of its folders.
struct KaggleListing {
    /// With versions; models first.
    private(set) var handles: [KaggleHandle] = []
    /// Directories that no handle leads to, as paths from the cache.
    private(set) var strange: [String] = []

    init(_ enclosure: inout CacheSandbox) {
        for kind in [KaggleHandle.Kind.model, .dataset] {
            descend(kind, [], &enclosure)
        }
    }

    /// The handles of Kaggle's mounts, where data sets are not divided into versions and there are no markers.
    init(attached enclosure: inout CacheSandbox) {
        descend(.model, [], &enclosure)
        for owner in KaggleListing.directories(in: "datasets", &enclosure) {
            for name in KaggleListing.directories(in: "datasets/\(owner)", &enclosure) {
                if let handle = KaggleHandle(.dataset, folders: [owner, name]) { handles.append(handle) }
            }
        }
    }

    private mutating func descend(
        _ kind: KaggleHandle.Kind, _ parts: [String], _ enclosure: inout CacheSandbox
    ) {
        let path = (["\(kind.rawValue)s"] + parts).joined(separator: "/")
        let isLast = parts.count == (kind == .model ? 4 : 2)
        if isLast {
            guard let handle = KaggleHandle(kind, folders: parts) else {
                strange.append(path)
                return
            }
            versions(of: handle, &enclosure)
        } else {
            for name in KaggleListing.directories(in: path, &enclosure) {
                descend(kind, parts + [name], &enclosure)
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
