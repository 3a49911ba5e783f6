import Caches
import Formats
import Manifests
import Storage

/// What of a plan is in the target already, and what there is in the way. Nothing is written for it.
struct UnpackSurvey {
    /// What is known of one item.
    struct State: Sendable {
        /// Whether all of the content is there and was found right.
        var isPresent = false
        /// The digests of content that is there.
        var digests: ContentDigests?
        /// The name of the blob that holds the content.
        var blob: String?
        /// The links that are to be made.
        var links: [RelativePath] = []
        /// What is in the way.
        var conflicts: [Diagnostic] = []
    }

    private let plan: UnpackPlan
    private let directory: UnpackDirectory

    /// Takes a plan and the target's open directory; nothing is looked at yet.
    init(_ plan: UnpackPlan, in directory: UnpackDirectory) {
        self.plan = plan
        self.directory = directory
    }

    /// Looks at every path of the plan, and hashes what is there.
    func states(progress: @escaping ProgressHandler) async throws -> [State] {
        progress(
            .began(
                stage: "comparing", files: plan.items.count,
                bytes: plan.items.reduce(0) { $0.addingReportingOverflow($1.size).partialValue }))
        defer { progress(.ended) }
        return try await Parallel.map(plan.items, largestFirst: \.size) { item, buffer in
            defer { progress(.finished(file: item.name)) }
            var state = State()
            switch item.home {
            case .path(let path):
                switch try compare(item, at: path, &buffer, progress) {
                case .absent: progress(.advanced(bytes: item.size))
                case .same(let digests):
                    state.isPresent = true
                    state.digests = digests
                case .conflict(let problem): state.conflicts.append(problem)
                }
            case .blob(let folder, let naming, let links):
                try survey(item, folder, naming, links, &state, &buffer, progress)
                if !state.isPresent { progress(.advanced(bytes: item.size)) }
            }
            return state
        }
    }

    /// What is in the way of the small files: all but other files.
    func conflictsOfTexts() throws -> [Diagnostic] {
        var conflicts: [Diagnostic] = []
        for unit in plan.units {
            for path in unit.texts.map(\.path) + (unit.tree.map { [$0.path] } ?? []) {
                switch try directory.find(path) {
                case .nothing: continue
                case .entry(_, _, let status) where status.kind == .file: continue
                case .entry: conflicts.append(directory.conflict(path, "is not a file"))
                case .blocked(let problem): conflicts.append(problem)
                }
            }
        }
        return conflicts
    }

    // MARK: One item

    /// What is at the place of an item's content.
    enum Comparison {
        /// Nothing is there, and nothing on the way hinders.
        case absent
        /// The content is there, as its digest proves.
        case same(ContentDigests)
        /// Something else is there, and stays as it is.
        case conflict(Diagnostic)
    }

    /// Compares what is at a path with an item's content.
    func compare(
        _ item: UnpackPlan.Item, at path: RelativePath, _ buffer: inout Buffer, _ progress: ProgressHandler
    ) throws -> Comparison {
        switch try directory.find(path) {
        case .nothing: return .absent
        case .blocked(let problem): return .conflict(problem)
        case .entry(let parent, let name, let status):
            switch status.kind {
            case .file: return try compare(item, at: path, parent, name, status, &buffer, progress)
            case .link:
                return .conflict(directory.conflict(path, "is a link, and no link in a target is followed"))
            case .directory: return .conflict(directory.conflict(path, "is a directory"))
            case .other: return .conflict(directory.conflict(path, "is a device, a pipe or a socket"))
            }
        }
    }

    private func compare(
        _ item: UnpackPlan.Item, at path: RelativePath, _ parent: OpenDirectory, _ name: String,
        _ status: FileStatus, _ buffer: inout Buffer, _ progress: ProgressHandler
    ) throws -> Comparison {
        let expected = "expected sha256 \(item.sha256)  (\(item.size) bytes, from the lock)"
        guard status.size == item.size else {
            return .conflict(
                directory.conflict(
                    path, "has other content than \(item.name)",
                    notes: [expected, "found    \(status.size) bytes"]))
        }
        let read = try FileReader.read(parent.reading(name), gitBlob: item.needsGitBlob, buffer: &buffer) {
            progress(.advanced(bytes: $0.count))
        }
        guard read.digests.sha256 == item.sha256 else {
            return .conflict(
                directory.conflict(
                    path, "has other content than \(item.name)",
                    notes: [expected, "found    sha256 \(read.digests.sha256)"]))
        }
        return .same(read.digests)
    }

    /// The blob of a repository, and the links to it.
    private func survey(
        _ item: UnpackPlan.Item, _ folder: RelativePath, _ naming: UnpackPlan.Naming, _ links: [RelativePath],
        _ state: inout State, _ buffer: inout Buffer, _ progress: ProgressHandler
    ) throws {
        // The names under which the content may be there: its own, and those that links in the place of
        // ours lead to. A git blob name is not known before the content was read.
        var known: [ExactName: Comparison] = [:]
        func blob(_ name: String) throws -> Comparison {
            if let known = known[name] { return known }
            let found = try compare(item, at: blobPath(folder, name), &buffer, progress)
            known[name] = found
            return found
        }
        if naming == .sha256 {
            switch try blob(item.sha256.hex) {
            case .absent: break
            case .same: state.blob = item.sha256.hex
            case .conflict(let problem): state.conflicts.append(problem)
            }
        }
        var isCopied = true
        for link in links {
            let found = try directory.find(link)
            guard case .entry(let parent, let name, let status) = found else {
                if case .blocked(let problem) = found { state.conflicts.append(problem) }
                state.links.append(link)
                isCopied = false
                continue
            }
            guard status.kind == .link else {
                // A plain copy, as the client leaves it if there are no links.
                switch try compare(item, at: link, &buffer, progress) {
                case .absent, .same: break
                case .conflict(let problem): state.conflicts.append(problem)
                }
                continue
            }
            isCopied = false
            let text = try parent.linkText(name)
            guard let target = HubLink.blob(text, of: link), naming == .gitBlob || target == item.sha256.hex
            else {
                state.conflicts.append(
                    directory.conflict(link, "is a link to something else", notes: ["-> \(text)"]))
                continue
            }
            switch try blob(target) {
            case .absent: state.links.append(link)
            case .same(let digests):
                if naming == .gitBlob, digests.gitBlob?.hex != target {
                    let notes = ["-> \(text)", "the content's git hash is \(digests.gitBlob?.hex ?? "")"]
                    state.conflicts.append(
                        directory.conflict(link, "is a link to a blob with a wrong name", notes: notes))
                } else {
                    state.blob = target
                }
            case .conflict(let problem): state.conflicts.append(problem)
            }
        }
        state.isPresent = state.blob != nil || isCopied
    }

    /// The path of a blob; where it is a link into the store that the repositories of a cache share
    /// (huggingface_hub, `_shared_blobs.py`), the path in the store.
    private func blobPath(_ folder: RelativePath, _ name: String) throws -> RelativePath {
        // The name is a digest.
        let path = RelativePath(checked: "\(folder)/blobs/\(name)")
        guard case .entry(let parent, let name, let status) = try directory.find(path), status.kind == .link
        else { return path }
        let parts = Path.parts(try parent.linkText(name)).map(String.init)
        guard parts.count == 5, parts[0].hasSameBytes(as: ".."), parts[1].hasSameBytes(as: ".."),
            parts[2].hasSameBytes(as: "blobs"),
            SHA256Digest(hex: parts[4]) != nil, parts[4].utf8.starts(with: parts[3].utf8),
            parts[3].utf8.count == 2
        else { return path }
        return RelativePath(checked: "blobs/\(parts[3])/\(parts[4])")
    }
}

/// The links from snapshots to blobs.
enum HubLink {
    /// The text of the link at `path` to a blob of its repository: relative, as huggingface_hub writes it.
    static func text(_ path: RelativePath, toBlob name: String) -> String {
        up(path) + "blobs/" + name
    }

    /// The blob that a link of this text at `path` leads to; `nil` where it leads anywhere else.
    static func blob(_ text: String, of path: RelativePath) -> String? {
        let start = up(path) + "blobs/"
        guard text.utf8.starts(with: start.utf8) else { return nil }
        let name = String(Substring(text.utf8.dropFirst(start.utf8.count)))
        return Evidence(etag: name, .blob) == nil ? nil : name
    }

    /// From the directory of `folder/snapshots/commit/…` to the folder.
    private static func up(_ path: RelativePath) -> String {
        String(repeating: "../", count: max(0, path.components.count - 2))
    }
}
