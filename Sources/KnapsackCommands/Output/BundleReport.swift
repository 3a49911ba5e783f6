import Bundles
import Formats
import Manifests
import Storage

/// What `inspect` states of a bundle, for people and for `--json`.
struct BundleReport {
    private let bundle: BundleInspection

    /// Takes what was read of the bundle.
    init(_ bundle: BundleInspection) { self.bundle = bundle }

    private var lock: Lock { bundle.plan.lock }
    private var form: String { bundle.format == nil ? "a directory" : "an archive" }

    /// The bundle, its entries, and where each of their files is stored.
    /// - Parameter bars: whether bars of block characters are drawn.
    func text(width: Int, bars: Bool = false) -> String {
        var text = "\(bundle.path): bundle \(lock.bundle.name), \(form)"
        if let found = bundle.found {
            text += ", \(Counted.text(found.files, "file")), \(ByteCount.text(found.bytes))"
        }
        text +=
            "\n\(lock.bundle.title)\n\n" + entries(bars: bars).text(width: width) + "\n"
            + files.text(width: width)
        if !lock.bases.isEmpty {
            text += "\nbuilds on, and has to be attached beside it:\n"
            text += lock.bases.map { "  \($0.attach): \($0.name), whose lock has sha256 \($0.sha256)\n" }
                .joined()
        }
        let others = lock.entries.filter { !$0.isPacked }
        if !others.isEmpty {
            text += "\nconverted from, and not in the bundle:\n"
            text += others.map { "  \($0.name): \($0.asked.text)\n" }.joined()
        }
        if bundle.found == nil {
            text +=
                "\nonly the lock was read: knapsack verify \(ShellWord.quoted(bundle.path)) reads all of it\n"
        }
        return text
    }

    private func entries(bars: Bool) -> Table {
        let bar = BlockBar(whole: bundle.plan.shares.map(\.stored).max() ?? 0, width: 16)
        return Table(
            [
                .init(title: "ENTRY", canShrink: true), .init(title: "FROM", canShrink: true),
                .init(title: "LICENCE", canShrink: true), .init(title: "FILES", isNumber: true),
                .init(title: "SIZE", isNumber: true), .init(title: "STORED", isNumber: true),
            ] + (bars ? [.init(title: "", dropRank: 1)] : []),
            rows: zip(lock.packed, bundle.plan.shares).map { entry, share in
                [
                    entry.name, entry.asked.text, entry.license?.id ?? "unknown", "\(share.files)",
                    ByteCount.text(share.named), ByteCount.text(share.stored),
                ] + (bars ? [bar.text(share.stored)] : [])
            })
    }

    private var files: Table {
        Table(
            [
                .init(title: "FILE", canShrink: true), .init(title: "SIZE", isNumber: true),
                .init(title: "PROVED BY"), .init(title: "STORED", canShrink: true),
            ],
            rows: lock.packed.flatMap { entry in
                entry.files.map { file in
                    [
                        "\(entry.name)/\(file.path)", ByteCount.text(file.size), file.proof.rawValue,
                        BundleReport.place(file.placement, in: lock),
                    ]
                }
            })
    }

    private static func place(_ placement: Placement, in lock: Lock) -> String {
        switch placement {
        case .base(let base, let path): return "\(path) of \(lock.base(base)?.name ?? base.hex)"
        case .natural: return ""
        case .at(let path): return path.text
        case .segments(let segments):
            let files = Set(segments.map(\.at)).count
            let bases = Set(segments.compactMap(\.base)).compactMap { lock.base($0)?.name }.sortedByBytes()
            return "\(Counted.text(segments.count, "segment")) of \(Counted.text(files, "file"))"
                + (bases.isEmpty ? "" : ", also of \(bases.joined(separator: ", "))")
        }
    }

    /// The members of the document.
    var json: [JSON.Member] {
        var members: [JSON.Member] = [
            .init("path", .string(bundle.path)), .init("format", .string("bundle")),
            .init("name", .string(lock.bundle.name)), .init("title", .string(lock.bundle.title)),
            .init("named", .integer(bundle.plan.named)), .init("stored", .integer(bundle.plan.size)),
        ]
        if !lock.bases.isEmpty {
            members.append(.init("bases", .array(lock.bases.map { .object($0.lockMembers) })))
            members.append(.init("in_bases", .integer(bundle.plan.inBases)))
        }
        if let found = bundle.found {
            members.append(.init("files", .integer(found.files)))
            members.append(.init("size", .integer(found.bytes)))
        }
        members.append(
            .init(
                "entries",
                .array(zip(lock.packed, bundle.plan.shares).map { BundleReport.json($0, $1) })))
        let others = lock.entries.filter { !$0.isPacked }
        if !others.isEmpty {
            members.append(.init("not_packed", .array(others.map { .string($0.name) })))
        }
        return members
    }

    private static func json(_ entry: LockedEntry, _ share: Plan.Share) -> JSON {
        [
            "name": .string(entry.name), "kind": .string(entry.kind.rawValue),
            "from": .string(entry.asked.text), "license": entry.license.map { .string($0.id) } ?? .null,
            "named": .integer(share.named), "stored": .integer(share.stored),
            "files": .array(
                entry.files.map { file in
                    var members: [JSON.Member] = [
                        .init("path", .string(file.path.text)), .init("size", .integer(file.size)),
                        .init("sha256", .string(file.sha256.hex)),
                        .init("proof", .string(file.proof.rawValue)),
                    ]
                    switch file.placement {
                    case .natural: members.append(.init("at", .string(entry.naturalPath(of: file).text)))
                    case .at(let path): members.append(.init("at", .string(path.text)))
                    case .segments(let segments):
                        members.append(.init("segments", .array(segments.map(\.json))))
                    case .base(let base, let path):
                        members.append(.init("at", .string(path.text)))
                        members.append(.init("base", .string(base.hex)))
                    }
                    return .object(members)
                }),
        ]
    }
}
