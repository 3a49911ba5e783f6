import Formats
import Storage

/// What is in one folder of a revision.
struct HubTree {
    /// A file or a folder.
    enum Item {
        /// A file.
        case file(HubEntry)
        /// A folder, by its path in the repository.
        case folder(RelativePath)
    }

    /// Folders and files, sorted by the bytes of their paths.
    let items: [Item]

    /// Lists a folder.
    /// - Parameters:
    ///   - folder: its path; "" for the root.
    ///   - isRecursive: whether what is in its folders is listed, too.
    /// - Returns: `nil` where the revision has no such folder.
    init?(_ revision: HubRevision, folder: String, isRecursive: Bool) {
        let top = RelativePath(folder)
        guard folder.isEmpty || top != nil else { return nil }
        let inside = revision.entries.filter { entry in top.map { entry.path.isInside($0) } ?? true }
        guard top == nil || !inside.isEmpty else { return nil }
        var folders: Set<RelativePath> = []
        var files: [HubEntry] = []
        for entry in inside {
            let above = entry.path.ancestors.prefix { path in top.map { path.isInside($0) } ?? true }
            if isRecursive {
                folders.formUnion(above)
                files.append(entry)
            } else if let nearest = Array(above).last {
                folders.insert(nearest)
            } else {
                files.append(entry)
            }
        }
        let all =
            folders.map { (path: $0, item: Item.folder($0)) }
            + files.map { (path: $0.path, item: Item.file($0)) }
        items = all.sorted { $0.path < $1.path }.map(\.item)
    }

    /// The entry of a folder. git's own name of it is not known: the one that is given is the same for the same commit.
    static func folderJSON(_ path: RelativePath, _ revision: HubRevision) -> JSON {
        let name = HubEntry.gitName(Array("\(revision.commit) \(path.text)".utf8))
        return ["type": "directory", "oid": .string(name), "size": 0, "path": .string(path.text)]
    }
}
