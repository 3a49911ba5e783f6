import Formats
import Manifests
import Storage

/// The bundle, its entries, their files, and base models that the bundle does not have.
extension SPDXDocument {
    /// The elements that stand for content, each entry's files after it.
    var packages: [JSON] {
        [bundle] + bill.all.flatMap { [package($0)] + files(of: $0) } + bases
    }

    private var bundle: JSON {
        element(
            "software_Package", bundleID,
            [
                "name": .string(bill.lock.bundle.name), "description": .string(bill.lock.bundle.title),
                "software_packageVersion": .string("sha256:\(bill.lockDigest.hex)"),
                "software_primaryPurpose": "data",
                "comment": .string(
                    "The version is the SHA-256 of knapsack.lock, from which this document follows."
                        + bill.lock.bases.map { " Builds on \($0.attach), sha256:\($0.sha256)." }.joined()),
            ])
    }

    private func package(_ item: BillOfMaterials.Item) -> JSON {
        let entry = item.entry
        let supplier = supplier(of: item)
        var members: [JSON.Member] = []
        func add(_ name: String, _ value: JSON?) {
            if let value { members.append(JSON.Member(name, value)) }
        }
        let type: String
        switch entry.kind {
        case .model:
            type = "ai_AIPackage"
            add("ai_domain", entry.fact("pipeline_tag")?.string.map { [.string($0)] })
            add("ai_typeOfModel", entry.fact("model_type")?.string.map { [.string($0)] })
        case .dataset:
            type = "dataset_DatasetPackage"
            add("dataset_datasetSize", .integer(item.size))
            add("dataset_datasetType", ["noAssertion"])
            add("originatedBy", supplier.map { [$0] })
        case .wheels, .files: type = "software_Package"
        }
        add("software_packageVersion", .string(item.version))
        add("software_packageUrl", item.packageURL.map(JSON.string))
        add("software_downloadLocation", item.address.map(JSON.string))
        add("software_primaryPurpose", .string(entry.kind.purpose))
        add("suppliedBy", supplier)
        let facts =
            ["asked: \(entry.asked.text)", "\(item.size) bytes"]
            + (entry.isPacked ? [] : ["not in the bundle, only converted from"])
            + item.facts.map { "\($0.name): \($0.value)" }
        add("comment", .string(facts.joined(separator: "; ")))
        if let weights = entry.weights {
            add("summary", .string("safetensors weights \(weights.sha256.hex), \(weights.tensors) tensors"))
        }
        let head = element(type, id("entry", entry.name), ["name": .string(item.name)])
        return .object((head.members ?? []) + members)
    }

    /// Every file; a wheel also as the package that is in it.
    private func files(of item: BillOfMaterials.Item) -> [JSON] {
        item.entry.files.flatMap { file -> [JSON] in
            let path = item.entry.naturalPath(of: file).text
            let own = element(
                "software_File", id("file", path),
                [
                    "name": .string(path), "software_fileKind": "file", "comment": .string(file.remark),
                    "verifiedUsing": [Self.hash(file.sha256)],
                ])
            guard let wheel = WheelIdentity(file, of: item.entry) else { return [own] }
            let package = element(
                "software_Package", id("package", path),
                [
                    "name": .string(wheel.name), "software_packageVersion": .string(wheel.version),
                    "software_packageUrl": .string(wheel.packageURL), "software_primaryPurpose": "library",
                ])
            return [own, package]
        }
    }

    private static func hash(_ digest: SHA256Digest) -> JSON {
        ["type": "Hash", "algorithm": "sha256", "hashValue": .string(digest.hex)]
    }

    /// Base models that the bundle does not have, each once.
    private var bases: [JSON] {
        missingBases.map { base in
            element(
                "ai_AIPackage", id("base", base.name),
                [
                    "name": .string(base.name), "software_packageUrl": base.packageURL.map(JSON.string),
                    "software_primaryPurpose": "model",
                    "comment": "Named as base model by a model card. The bundle does not have it.",
                ])
        }
    }

    /// The same as values, in the order of their names' bytes.
    var missingBases: [BillOfMaterials.Ancestor] {
        var byName: [ExactName: BillOfMaterials.Ancestor] = [:]
        for base in bill.all.flatMap(\.ancestors) where base.entry == nil {
            byName[ExactName(base.name)] = base
        }
        return byName.sorted { $0.key < $1.key }.map(\.value)
    }

    /// The element that an ancestor is.
    func id(of ancestor: BillOfMaterials.Ancestor) -> JSON {
        if let entry = ancestor.entry { id("entry", entry) } else { id("base", ancestor.name) }
    }
}

extension Entry.Kind {
    /// What a package of this kind is for, in SPDX's words.
    fileprivate var purpose: String {
        switch self {
        case .model: "model"
        case .dataset: "data"
        case .wheels: "library"
        case .files: "file"
        }
    }
}
