import Caches
import Catalogue
import Formats
import Manifests

/// What the Hub lists: references, revisions, trees and paths.
extension HubMirror {
    /// The branches and tags as the Hub lists them.
    static func refs(_ refs: [HubShelf.Ref]) -> Response {
        var branches: [JSON] = []
        var tags: [JSON] = []
        var conversions: [JSON] = []
        var requests: [JSON] = []
        for ref in refs {
            func entry(_ name: String, _ full: String) -> JSON {
                ["name": .string(name), "ref": .string(full), "targetCommit": .string(ref.commit)]
            }
            if ref.name.hasUTF8Prefix("refs/pr/") {
                requests.append(entry(ref.name, ref.name))
            } else if ref.name.hasUTF8Prefix("refs/convert/") {
                conversions.append(entry(String(ref.name.utf8.dropFirst(13)) ?? ref.name, ref.name))
            } else if ref.isTag {
                tags.append(entry(ref.name, "refs/tags/\(ref.name)"))
            } else {
                branches.append(entry(ref.name, "refs/heads/\(ref.name)"))
            }
        }
        return .json([
            "branches": .array(branches), "converts": .array(conversions), "tags": .array(tags),
            "pullRequests": .array(requests),
        ])
    }

    /// A cache keeps no times of commits, and clients want one.
    static let unknownDate = "1970-01-01T00:00:00.000Z"

    /// What is told of a revision.
    func info(_ revision: HubRevision, withBlobs: Bool) -> JSON {
        let siblings = revision.entries.map { entry -> JSON in
            guard withBlobs else { return ["rfilename": .string(entry.path.text)] }
            return entry.siblingJSON(entry.identity ?? identityAtHand(entry))
        }
        return HubDescription(revision).json(siblings: siblings)
    }

    // MARK: Trees

    /// What is in a folder.
    func tree(_ revision: HubRevision, _ folder: String, _ target: RequestTarget) -> Response {
        let isRecursive = target.first("recursive").map { $0.lowercased() == "true" || $0 == "1" } ?? false
        let listing = HubTree(revision, folder: folder, isRecursive: isRecursive)
        guard let listing else {
            return .hubRefusal(
                404, "EntryNotFound", "\(folder) is not in \(revision.repository.id)", commit: revision.commit
            )
        }
        return listed(listing.items, revision, isExpanded: target.first("expand")?.lowercased() == "true")
    }

    /// What is at the paths that the request names.
    func paths(_ revision: HubRevision, _ request: Request) -> Response {
        let body: [UInt8]
        do throws(RequestBody.Problem) {
            body = try request.body.bytes(limit: HubMirror.formLimit)
        } catch {
            return error.response
        }
        var wanted: [String] = []
        var isExpanded = false
        if request.head.fields["content-type"]?.lowercased().hasUTF8Prefix("application/json") == true {
            guard let json = try? JSON.parse(body), let paths = json["paths"]?.strings else {
                return .hubRefusal(400, nil, "the paths cannot be read")
            }
            wanted = paths
            isExpanded = json["expand"]?.bool ?? false
        } else {
            guard let pairs = RequestTarget.pairs(body[...]) else {
                return .hubRefusal(400, nil, "the paths cannot be read")
            }
            wanted = pairs.filter { $0.name == "paths" || $0.name == "paths[]" }.map(\.value)
            isExpanded = pairs.contains { $0.name == "expand" && $0.value.lowercased() == "true" }
        }
        guard wanted.count <= HubMirror.pathLimit else {
            return .hubRefusal(413, nil, "there are more than \(HubMirror.pathLimit) paths")
        }
        var items: [HubTree.Item] = []
        var seen: Set<RelativePath> = []
        let folders = Set(revision.entries.flatMap { Array($0.path.ancestors) })
        for path in wanted {
            guard let path = RelativePath(path), seen.insert(path).inserted else { continue }
            if let entry = revision[path] {
                items.append(.file(entry))
            } else if folders.contains(path) {
                items.append(.folder(path))
            }
        }
        return listed(items, revision, isExpanded: isExpanded)
    }

    private func listed(_ items: [HubTree.Item], _ revision: HubRevision, isExpanded: Bool) -> Response {
        var list: [JSON] = []
        for item in items {
            let json: JSON
            switch item {
            case .folder(let path): json = HubTree.folderJSON(path, revision)
            case .file(let entry):
                switch identity(of: entry) {
                case .success(let identity): json = entry.treeJSON(identity)
                case .failure(let problem): return problem.response(entry, revision)
                }
            }
            guard isExpanded, let members = json.members else {
                list.append(json)
                continue
            }
            let commit: JSON = [
                "id": .string(revision.commit), "title": .string(revision.stored?.commit.title ?? ""),
                "date": .string(revision.date),
            ]
            list.append(.object(members + [JSON.Member("lastCommit", commit)]))
        }
        return .json(.array(list)).with("X-Repo-Commit", revision.commit)
    }
}
