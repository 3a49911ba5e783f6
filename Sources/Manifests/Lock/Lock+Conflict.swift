import Formats

extension Lock {
    /// Reads a lock that `git merge` left with conflict marks: the entries of both sides, so that resolving the
    /// manifest again keeps the pins of both branches. Where files are stored is one side's and has to be placed anew.
    ///
    /// Git's marks are those of "git-merge", conflict styles merge, diff3 and zdiff3.
    /// - Parameters:
    ///   - path: the lock's path as the user named it, for messages.
    ///   - manifest: decides between two sides of which only one has what is asked for now.
    /// - Returns: the lock, and a warning for every entry that both sides pin to something else; `nil` where the
    ///   bytes have no such marks.
    package static func merging(
        _ bytes: [UInt8], path: String, for manifest: Manifest
    ) throws(Diagnostics) -> (lock: Lock, findings: [Diagnostic])? {
        guard let sides = ConflictSides(bytes) else { return nil }
        let (ours, theirs): (Lock, Lock)
        do {
            (ours, theirs) = (try parse(sides.ours, path: path), try parse(sides.theirs, path: path))
        } catch {
            throw Diagnostics(
                conflict(path, fix: "take one side with git checkout --ours or --theirs, and lock again"))
        }
        var findings: [Diagnostic] = []
        var entries: [ExactName: LockedEntry] = [:]
        for entry in theirs.entries { entries[ExactName(entry.name)] = entry }
        for entry in ours.entries {
            let name = ExactName(entry.name)
            guard let other = entries[name] else {
                entries[name] = entry
                continue
            }
            let asked = manifest.entries.first { $0.name == entry.name }?.asked
            if entry.asked != asked, other.asked == asked { continue }
            if entry.asked == other.asked, entry.origin != other.origin {
                findings.append(
                    Diagnostic(
                        .warning, code: .lockConflict,
                        "\(entry.name): both sides of the merge have another revision, and ours is kept",
                        at: .init(file: path),
                        fix: "knapsack lock {manifest} --update \(entry.name) takes the newest"))
            }
            entries[name] = entry
        }
        return (
            Lock(
                bundle: ours.bundle, entries: Array(entries.values), bases: LockedBase.together(ours, theirs),
                factsVersion: min(ours.factsVersion, theirs.factsVersion)), findings
        )
    }

    /// What is wrong with a lock that has conflict marks; `nil` where it has none.
    package static func conflict(_ bytes: [UInt8], path: String) -> Diagnostic? {
        ConflictSides(bytes).map { _ in
            conflict(path, fix: "run knapsack lock {manifest}, which takes the entries of both sides")
        }
    }

    private static func conflict(_ path: String, fix: String) -> Diagnostic {
        Diagnostic(
            code: .lockConflict, "\(path) has the conflict marks of a git merge in it",
            at: .init(file: path),
            fix: fix, verdict: .undecided)
    }
}

/// The two texts that a text with conflict marks was made of.
private struct ConflictSides {
    var ours: [UInt8] = []
    var theirs: [UInt8] = []

    private enum Part { case both, ours, base, theirs }

    /// `nil` where the marks are missing or not in their order.
    init?(_ bytes: [UInt8]) {
        var part = Part.both
        var conflicts = 0
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            switch (part, ConflictSides.mark(line)) {
            case (.both, UInt8(ascii: "<")?):
                part = .ours
                conflicts += 1
            case (.ours, UInt8(ascii: "|")?): part = .base
            case (.ours, UInt8(ascii: "=")?), (.base, UInt8(ascii: "=")?): part = .theirs
            case (.theirs, UInt8(ascii: ">")?): part = .both
            case (_, .some): return nil
            case (.both, nil):
                ours += line + [UInt8(ascii: "\n")]
                theirs += line + [UInt8(ascii: "\n")]
            case (.ours, nil): ours += line + [UInt8(ascii: "\n")]
            case (.theirs, nil): theirs += line + [UInt8(ascii: "\n")]
            case (.base, nil): break
            }
        }
        guard part == .both, conflicts > 0 else { return nil }
    }

    /// The character of a mark: seven of one kind, and nothing or a blank behind them. No line of a lock is one.
    private static func mark(_ line: ArraySlice<UInt8>) -> UInt8? {
        guard let first = line.first, "<|=>".utf8.contains(first), line.count >= 7,
            line.prefix(7).allSatisfy({ $0 == first }),
            line.count == 7 || line.dropFirst(7).first == UInt8(ascii: " ")
        else { return nil }
        return first
    }
}
