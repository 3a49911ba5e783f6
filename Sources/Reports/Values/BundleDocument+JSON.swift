package import Formats
import Manifests
import Rules
import Storage

extension BundleDocument {
    /// What the page is made from, as members of a document. Findings are left to the caller, who has their form.
    package var json: [JSON.Member] {
        var members: [JSON.Member] = [
            .init("name", .string(plan.lock.bundle.name)), .init("title", .string(plan.lock.bundle.title)),
            .init("from", .string(subject.rawValue)), .init("lock_sha256", .string(lockDigest.hex)),
            .init("named", .integer(plan.named)), .init("stored", .integer(plan.size)),
            .init("in_bases", .integer(plan.inBases)),
            .init("signature", signature.map(JSON.string) ?? .null),
            .init("entries", .array(items.map(BundleDocument.json))),
            .init("sharing", .array(sharing.map(BundleDocument.json))),
            .init(
                "limits",
                .array(
                    BundleLimit.all(plan, policy: policy).map {
                        [
                            "name": .string($0.name), "source": .string($0.source), "used": .integer($0.used),
                            "limit": .integer($0.limit),
                        ]
                    })),
            .init("errors", .array(errors.map(BundleDocument.json))),
        ]
        if !plan.lock.bases.isEmpty {
            members.append(.init("bases", .array(plan.lock.bases.map { .object($0.lockMembers) })))
        }
        members.append(.init("unknown", .array(unknown.map(JSON.string))))
        return members
    }

    private static func json(_ item: Item) -> JSON {
        let entry = item.entry
        let tensors = item.allTensors
        var members: [JSON.Member] = [
            .init("name", .string(entry.name)), .init("kind", .string(entry.kind.rawValue)),
            .init("from", .string(entry.asked.text)),
            .init("license", entry.license.map { .string($0.id) } ?? .null),
            .init("base_models", .array((entry.fact("base_models")?.strings ?? []).map(JSON.string))),
            .init("packed", .bool(item.share != nil)),
        ]
        if let share = item.share {
            members += [
                .init("files", .integer(share.files)), .init("named", .integer(share.named)),
                .init("stored", .integer(share.stored)), .init("equal_files", .integer(share.savedByFiles)),
                .init("equal_tensors", .integer(share.savedByTensors)),
                .init("in_bases", .integer(share.inBases)),
            ]
        }
        members += [
            .init(
                "types",
                .array(
                    TypeFigure.all(tensors).map { type in
                        .object([.init("type", .string(type.type))] + self.members(type.figure).dropFirst())
                    })),
            .init("layers", .array(LayerFigures(tensors).all.map { .object(self.members($0)) })),
            .init(
                "accelerators",
                .array(
                    item.fits.map {
                        [
                            "accelerator": .string($0.accelerator.rawValue),
                            "verdict": .string($0.verdict.rawValue),
                            "reasons": .array($0.reasons.map(JSON.string)),
                        ]
                    })),
        ]
        return .object(members)
    }

    private static func members(_ figure: LayerFigure) -> [JSON.Member] {
        [
            .init("name", .string(figure.name)), .init("tensors", .integer(figure.tensors)),
            .init("bytes", .integer(figure.bytes)),
            .init("parameters", figure.elements.map(JSON.integer) ?? .null),
            .init("bits_per_weight", figure.bits.map(JSON.number) ?? .null),
        ]
    }

    private static func json(_ sharing: Sharing) -> JSON {
        let isBase = if case .base = sharing.holder { true } else { false }
        return [
            "entry": .string(sharing.user), "holder": .string(sharing.holderName), "is_base": .bool(isBase),
            "files": .integer(sharing.files), "tensors": .integer(sharing.tensors),
        ]
    }

    private static func json(_ error: ConversionCost) -> JSON {
        .object(
            [.init("entry", .string(error.entry))] + (error.file.map { [.init("file", .string($0))] } ?? [])
                + [
                    .init("original", .string(error.original)), .init("source", .string(error.source)),
                    .init("not_compared", .integer(error.notCompared.count)),
                    .init("total", json(error.total)),
                    .init("layers", .array(error.layers.map(json))),
                ])
    }

    private static func json(_ layer: ConversionCost.Layer) -> JSON {
        [
            "name": .string(layer.name), "tensors": .integer(layer.tensors),
            "relative": layer.relative.map(JSON.number) ?? .null,
        ]
    }
}
