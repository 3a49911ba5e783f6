package import Manifests
import Storage

/// Everything that the caches hold, out of names and sizes alone: no content is read.
package struct Inventory: Sendable {
    /// One revision.
    package struct Item: Sendable {
        /// Its files and problems. For a repository of the Hub or of a registry the origin names the first of ``refs``, or
        /// the commit.
        package let snapshot: Snapshot
        /// The branches and tags that point at it, sorted; none for Kaggle.
        package let refs: [String]
        /// The bytes of its files, content that several of them share counted once.
        package let size: Int
    }

    /// The revisions: the Hub's first, by the folders' names and then by commit, Kaggle's after them, then those of
    /// registries.
    package let items: [Item]
    /// What is wrong with repositories, handles and the caches themselves.
    package let problems: [Diagnostic]

    /// Takes what was listed.
    package init(items: [Item], problems: [Diagnostic]) {
        self.items = items
        self.problems = problems
    }
}

extension Caches {
    /// Lists everything that the caches hold. A cache that does not exist is *not* an error: it holds
    /// nothing, which a note states.
    package func inventory() -> Inventory {
        var items: [Inventory.Item] = []
        var problems: [Diagnostic] = []
        hub.list(&items, &problems)
        mounts?.list(&items, &problems)
        kagglehub.list(&items, &problems)
        for (source, manifest, tags) in registries?.fetched() ?? [] {
            do throws(Diagnostics) {
                if let snapshot = try registries?.snapshot(source, pinned: manifest) {
                    items.append(Inventory.Item(snapshot: snapshot, refs: tags, size: snapshot.size))
                }
            } catch {
                problems += error.all
            }
        }
        return Inventory(items: items, problems: problems)
    }
}

extension HubCache {
    fileprivate func list(_ items: inout [Inventory.Item], _ problems: inout [Diagnostic]) {
        let enclosure: CacheSandbox
        let names: [String]
        do throws(FileError) {
            enclosure = try CacheSandbox(root)
            names = try Directory.names(in: enclosure.root)
        } catch {
            problems.append(missingCache("Hugging Face", root, error))
            return
        }
        for name in names {
            guard let repository = HubRepository(folder: name) else {
                if isStrange(name, enclosure) {
                    problems.append(
                        Diagnostic(
                            code: .folderIgnored,
                            "\(FileWalk.shown(name)) in the Hugging Face cache is not a repository's folder"))
                }
                continue
            }
            do throws(Diagnostics) {
                var folder = try HubFolder(repository, in: self, enclosure: enclosure)
                try list(&folder, &items, &problems)
            } catch {
                problems += error.all
            }
        }
    }

    private func list(
        _ folder: inout HubFolder, _ items: inout [Inventory.Item], _ problems: inout [Diagnostic]
    ) throws(Diagnostics) {
        let refs = folder.refs()
        for ref in refs {
            guard let commit = ref.commit else {
                problems.append(
                    Diagnostic(
                        .warning, code: .refMalformed,
                        "\(folder.repository.id): refs/\(FileWalk.shown(ref.name)) in the cache holds no commit",
                        fix: folder.download(ref.name)))
                continue
            }
            problems += folder.problems(ref).map(\.diagnostic)
            if !folder.commits.contains(commit) {
                let problem = folder.dangling(ref, commit)
                // A repository that was only downloaded elsewhere is nothing that is wrong here.
                problems.append(problem.weighing(folder.commits.isEmpty ? .note : .warning))
            }
        }
        for commit in folder.commits {
            let names = refs.filter { $0.commit == commit }.map(\.name)
            var snapshot = try folder.snapshot(ref: names.first ?? commit, commit: commit)
            if let name = names.first { snapshot = snapshot.adding(folder.moved(name, snapshot, commit)) }
            items.append(Inventory.Item(snapshot: snapshot, refs: names, size: snapshot.size))
        }
    }

    /// Whether a directory belongs neither to a repository nor to the client.
    private func isStrange(_ name: String, _ enclosure: CacheSandbox) -> Bool {
        var enclosure = enclosure
        guard name != ".locks",
            enclosure.existing(name)?.status.kind == .directory
        else { return false }
        return name != "blobs" || !HubFolder.isSharedStore(&enclosure)
    }
}

extension KaggleMounts {
    fileprivate func list(_ items: inout [Inventory.Item], _ problems: inout [Diagnostic]) {
        for handle in handles() {
            guard handle.kind == .model || handle.kind == .competition else {
                problems.append(
                    Diagnostic(
                        .note, code: .revisionNotCached,
                        "\(handle.text) is attached; its mount does not state which version it is",
                        fix: "name the version in the source, as the notebook's input panel shows it"))
                continue
            }
            do throws(Diagnostics) {
                guard let snapshot = try snapshot(handle) else { continue }
                items.append(Inventory.Item(snapshot: snapshot, refs: [], size: snapshot.size))
            } catch {
                problems += error.all
            }
        }
    }
}

extension KagglehubCache {
    /// Lists the versions of this cache alone.
    package func inventory() -> Inventory {
        var items: [Inventory.Item] = []
        var problems: [Diagnostic] = []
        list(&items, &problems)
        return Inventory(items: items, problems: problems)
    }

    fileprivate func list(_ items: inout [Inventory.Item], _ problems: inout [Diagnostic]) {
        var enclosure: CacheSandbox
        do throws(FileError) {
            enclosure = try CacheSandbox(root)
        } catch {
            problems.append(missingCache("kagglehub", root, error))
            return
        }
        let listing = KaggleListing(&enclosure)
        problems += listing.strange.map { path in
            Diagnostic(
                code: .folderIgnored,
                "\(FileWalk.shown(path)) in the kagglehub cache is not a version's directory")
        }
        for handle in listing.handles {
            do throws(Diagnostics) {
                var folder = try KaggleFolder(handle, enclosure: enclosure)
                let snapshot = try folder.snapshot(handle.version)
                items.append(Inventory.Item(snapshot: snapshot, refs: [], size: snapshot.size))
            } catch {
                problems += error.all
            }
        }
    }
}

private func missingCache(_ name: String, _ root: String, _ error: FileError) -> Diagnostic {
    if error.isMissing {
        return Diagnostic(
            .note, code: .cacheMissing, "there is no \(name) cache at \(FileWalk.shown(root))")
    }
    return Diagnostic(
        code: .unreadable, "the \(name) cache at \(FileWalk.shown(root)) cannot be read",
        notes: ["\(error)"], fix: "look at the permissions", verdict: .undecided)
}

extension Diagnostic {
    /// The same finding with another weight.
    fileprivate func weighing(_ severity: Severity) -> Diagnostic {
        Diagnostic(severity, code: code, message, at: location, notes: notes, fix: fix, verdict: verdict)
    }
}
