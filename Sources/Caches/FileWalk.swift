package import Formats
import Manifests
import Storage

/// All files below a directory, by their paths from it, with everything that must not be read refused.
package struct FileWalk {
    /// A file that may be read.
    package struct File {
        /// The path from the directory.
        package let path: RelativePath
        /// Where its content is.
        package let place: CacheSandbox.Place
    }

    /// What the messages say.
    package struct Words {
        /// What the files belong to, such as a repository's id; starts every message.
        let subject: String
        /// What no link may leave: "the cache".
        let enclosure: String
        /// How to get a file again.
        let fix: String
    }

    /// The files that were found, one directory after another.
    package private(set) var files: [File] = []
    /// What was refused on the way, such as a link that leads out of the directory.
    package private(set) var problems: [Snapshot.Problem] = []

    /// Walks through a directory.
    ///
    /// - Parameters:
    ///   - directory: absolute, in the enclosure, no links in its path.
    ///   - skips: whether a path from the directory is left out, with all that is below it.
    ///   - refuses: why the content that a link leads to may not be taken, or `nil` where it may.
    package init(
        of directory: String, in enclosure: inout CacheSandbox, words: Words,
        skips: (String) -> Bool = { _ in false }, refuses: (CacheSandbox.Place) -> String? = { _ in nil }
    ) {
        var pending = [(prefix: "", directory: directory)]
        while let (prefix, directory) = pending.popLast() {
            let names: [String]
            do throws(FileError) {
                names = try Directory.names(in: directory)
            } catch {
                refuse(prefix, .unreadable(error), words)
                continue
            }
            for name in names {
                let path = prefix + name
                if skips(path) { continue }
                if let problem = RelativePath.problem(name) {
                    refuse(path, .nameRefused, "has a name that \(problem)", words, fix: "rename the file")
                    continue
                }
                do throws(CacheSandbox.Refusal) {
                    let place = try enclosure.place(name, in: directory)
                    let isLink = place.steps.count > 1
                    switch place.status.kind {
                    case .directory where !isLink: pending.append((path + "/", place.path))
                    case .directory:
                        refuse(
                            path, .linkToDirectory, "is a link to a directory", words,
                            notes: [FileWalk.arrow(place.steps)],
                            fix: "put the directory itself there")
                    case .file:
                        if isLink, let reason = refuses(place) {
                            refuse(
                                path, .linkEscapes, "is a link that \(reason)", words,
                                notes: [FileWalk.arrow(place.steps)])
                        } else {
                            files.append(File(path: RelativePath(checked: path), place: place))
                        }
                    case .link, .other:
                        refuse(
                            path, .notAFile, "is a device, a pipe or a socket", words,
                            fix: "remove it, or leave it out with exclude")
                    }
                } catch {
                    refuse(path, error, words)
                }
            }
        }
    }

    private static func arrow(_ steps: [String]) -> String {
        steps.map { FileWalk.shown($0) }.joined(separator: " -> ")
    }

    /// A path for a message: as it is where it is plain, else in quotes.
    package static func shown(_ path: String) -> String {
        let isPlain = path.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
        return isPlain && path.utf8.count <= 200 ? path : quoted(path)
    }

    /// A path for a message, by the same rules.
    package static func shown(_ path: RelativePath) -> String { shown(path.text) }

    private mutating func refuse(_ path: String, _ refusal: CacheSandbox.Refusal, _ words: Words) {
        switch refusal {
        case .leaves(let link, let text):
            refuse(
                path, .linkEscapes, "is a link that leads out of \(words.enclosure)", words,
                notes: ["\(FileWalk.shown(link)) -> \(FileWalk.shown(text))"])
        case .missing(let target):
            refuse(
                path, .linkDangling, "is a link to something that is not there", words,
                notes: ["nothing is at \(FileWalk.shown(target))"])
        case .loops(let link):
            refuse(
                path, .linkDangling, "is a link that leads in a circle", words,
                notes: ["at \(FileWalk.shown(link))"])
        case .unreadable(let error):
            refuse(
                path, .unreadable, "cannot be read", words, notes: ["\(error)"],
                fix: "look at the permissions", verdict: .undecided)
        }
    }

    private mutating func refuse(
        _ path: String, _ code: FindingCode, _ clause: String, _ words: Words, notes: [String] = [],
        fix: String? = nil, verdict: Diagnostic.Verdict = .finding
    ) {
        let shown = path.isEmpty ? "the directory" : FileWalk.shown(path)
        problems.append(
            Snapshot.Problem(
                Diagnostic(
                    code: code, "\(words.subject): \(shown) \(clause)", notes: notes, fix: fix ?? words.fix,
                    verdict: verdict),
                path.isEmpty ? [] : [path]))
    }
}
