import Formats
import Manifests
import Storage

/// A bill of materials as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).
///
/// A component is named by its natural folder or path in the bundle.
struct CycloneDXDocument {
    /// What the document states, in no format yet.
    let bill: BillOfMaterials

    /// Takes a bill; the document follows from it alone, byte for byte.
    init(_ bill: BillOfMaterials) { self.bill = bill }

    /// The whole document, its members in the order of the specification.
    var json: JSON {
        .record([
            "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "bomFormat": "CycloneDX",
            "specVersion": "1.6", "serialNumber": .string("urn:uuid:\(bill.uuid)"), "version": 1,
            "metadata": metadata, "components": .array(bill.items.map(component)),
            "dependencies": .array(dependencies), "formulation": .array(formulation),
        ])
    }

    /// The name of the bundle's own component.
    private static let root = "bundle"

    private var metadata: JSON {
        let bundle = bill.lock.bundle
        return .record([
            "timestamp": bill.created.map(JSON.string),
            "tools": ["components": [["type": "application", "name": "knapsack"]]],
            "component": .record([
                "type": "data", "bom-ref": .string(Self.root), "group": bundle.owner.map(JSON.string),
                "name": .string(bundle.name), "version": .string("sha256:\(bill.lockDigest.hex)"),
                "description": .string(bundle.title),
                "licenses": StatedLicense(bundle.license).map { Self.licenses($0, "declared") },
                "properties": Self.properties(
                    [("lock:sha256", bill.lockDigest.hex), ("license:stated", bundle.license)]
                        + bill.lock.bases.map { ("base", "\($0.attach) sha256:\($0.sha256)") }),
            ]),
        ])
    }

    /// An entry as a component, with its files as components of it.
    func component(_ item: BillOfMaterials.Item) -> JSON {
        let entry = item.entry
        let isModel = entry.kind == .model
        let acknowledgement = entry.license?.from == .manifest ? "concluded" : "declared"
        return .record([
            "type": isModel ? "machine-learning-model" : "data", "bom-ref": .string(item.folder),
            "supplier": item.owner.map { ["name": .string($0)] },
            "group": item.owner.map(JSON.string), "name": .string(item.name),
            "version": .string(item.version),
            "licenses": item.license.map { Self.licenses($0, acknowledgement) },
            "purl": item.packageURL.map(JSON.string),
            "pedigree": pedigree(item),
            "externalReferences": item.address.map { [["type": "distribution", "url": .string($0)]] },
            "components": .array(entry.files.map { Self.file($0, of: entry) }),
            "evidence": acknowledgement == "declared"
                ? item.license.map { ["licenses": Self.licenses($0, nil)] } : nil,
            "modelCard": isModel ? Self.modelCard(item) : nil,
            "data": isModel
                ? nil
                : [["type": entry.kind == .dataset ? "dataset" : "other", "name": .string(entry.name)]],
            "properties": Self.properties(
                [
                    ("entry", entry.name), ("kind", entry.kind.rawValue), ("asked", entry.asked.text),
                    ("packed", entry.isPacked ? nil : "false"),
                    ("size", "\(item.size)"), ("license:stated", entry.license?.id),
                    ("license:stated-by", entry.license?.from.rawValue),
                    ("weights:sha256", entry.weights?.sha256.hex),
                ] + item.facts.map { ("fact:\($0.name)", $0.value) }),
        ])
    }

    private static func file(_ file: LockedFile, of entry: LockedEntry) -> JSON {
        let path = entry.naturalPath(of: file).text
        let wheel = WheelIdentity(file, of: entry)
        return .record([
            "type": wheel == nil ? "file" : "library", "bom-ref": .string(path),
            "name": .string(wheel?.name ?? path), "version": wheel.map { .string($0.version) },
            "hashes": [["alg": "SHA-256", "content": .string(file.sha256.hex)]],
            "licenses": wheel?.license.map { licenses($0, "declared") },
            "purl": wheel.map { .string($0.packageURL) },
            "properties": properties([
                ("path", wheel == nil ? nil : path), ("size", "\(file.size)"), ("proof", file.proof.rawValue),
                ("base", file.bases.isEmpty ? nil : file.bases.map(\.hex).joined(separator: " ")),
            ]),
        ])
    }

    private static func modelCard(_ item: BillOfMaterials.Item) -> JSON? {
        let parameters = JSON.record([
            "task": item.entry.fact("pipeline_tag")?.string.map(JSON.string),
            "modelArchitecture": item.entry.fact("model_type")?.string.map(JSON.string),
        ])
        return parameters == .object([]) ? nil : ["modelParameters": parameters]
    }

    /// One licence by its identifier or name, or an expression.
    private static func licenses(_ license: StatedLicense, _ acknowledgement: String?) -> JSON {
        let acknowledgement = acknowledgement.map(JSON.string)
        switch license {
        case .identifier(let id):
            return [["license": .record(["id": .string(id), "acknowledgement": acknowledgement])]]
        case .name(let name):
            return [["license": .record(["name": .string(name), "acknowledgement": acknowledgement])]]
        case .expression(let text):
            return [.record(["expression": .string(text), "acknowledgement": acknowledgement])]
        }
    }

    /// Properties in Knapsack's name space, those without a value left out.
    static func properties(_ values: [(name: String, value: String?)]) -> JSON {
        .array(
            values.compactMap { name, value in
                value.map { ["name": .string("knapsack:\(name)"), "value": .string($0)] }
            })
    }

    /// What stands on what: the bundle on its entries, an adapter on its base model where the bundle has it.
    private var dependencies: [JSON] {
        var list = [
            JSON.record([
                "ref": .string(Self.root), "dependsOn": .array(bill.items.map { .string($0.folder) }),
            ])
        ]
        for item in bill.items {
            let bases =
                item.isAdapter
                ? item.ancestors.compactMap { base in
                    base.entry.flatMap { bill.lock.entry(named: $0) }.flatMap {
                        $0.isPacked ? folder(of: $0.name) : nil
                    }
                } : []
            list.append(.record(["ref": .string(item.folder), "dependsOn": .array(bases.map(JSON.string))]))
        }
        return list
    }

    /// The folder of the entry with this name.
    func folder(of name: String) -> String? {
        bill.lock.entry(named: name).map { "\($0.kind.folder)/\(name)" }
    }
}
