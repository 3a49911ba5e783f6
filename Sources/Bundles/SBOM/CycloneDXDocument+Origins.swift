import Formats
import Manifests
import Storage

/// Where components come from: base models, and conversions with their inputs, parameters and outputs.
extension CycloneDXDocument {
    /// What a component was made from; `nil` where nothing is known.
    func pedigree(_ item: BillOfMaterials.Item) -> JSON? {
        guard !item.ancestors.isEmpty else { return nil }
        return .record([
            "ancestors": .array(item.ancestors.map { ancestor($0, isExact: item.conversion != nil) }),
            "notes": item.conversion.map { conversion in
                .string(
                    "Made by version \(conversion.converter) of Knapsack's conversion: \(conversion.words)")
            },
        ])
    }

    /// A component that the bundle may or may not have.
    /// - Parameter isExact: whether it is the bundle's revision; a model card does not say which one it means.
    private func ancestor(_ ancestor: BillOfMaterials.Ancestor, isExact: Bool) -> JSON {
        let known = ancestor.entry.flatMap { name in bill.all.first { $0.entry.name.hasSameBytes(as: name) } }
        return .record([
            "type": "machine-learning-model", "group": known?.owner.map(JSON.string),
            "name": .string(known?.name ?? ancestor.name),
            "version": isExact ? known.map { .string($0.version) } : nil,
            "purl": (isExact ? known?.packageURL : ancestor.packageURL).map(JSON.string),
            "properties": Self.properties([("entry", ancestor.entry), ("component", known?.folder)]),
        ])
    }

    /// Every conversion as a workflow of one step, and the entries that only conversions use.
    var formulation: [JSON] {
        let workflows = bill.items.compactMap(workflow)
        guard !workflows.isEmpty || !bill.inputs.isEmpty else { return [] }
        return [
            .record(["components": .array(bill.inputs.map(component)), "workflows": .array(workflows)])
        ]
    }

    private func workflow(_ item: BillOfMaterials.Item) -> JSON? {
        guard let conversion = item.conversion else { return nil }
        func resource(_ name: String) -> JSON { ["resource": ["ref": .string(name)]] }
        let inputs = item.ancestors.compactMap { $0.entry.flatMap(folder).map(resource) }
        let parameters = conversion.parameters.map { parameter -> JSON in
            [
                "name": .string(parameter.key),
                "value": .string(parameter.value.plainText ?? parameter.value.compactText),
            ]
        }
        let made = item.entry.files.filter { $0.proof == .conversion }
        return .record([
            "bom-ref": .string("conversion/\(item.entry.name)"),
            "uid": .string(conversion.key?.hex ?? item.entry.name), "name": "knapsack conversion",
            "description": item.entry.asked.conversion.map { .string("\(item.entry.name): \($0.text)") },
            "taskTypes": ["build"],
            "inputs": .array(inputs + (parameters.isEmpty ? [] : [["parameters": .array(parameters)]])),
            "outputs": .array(
                made.map { file in
                    ["type": "artifact", "resource": ["ref": .string(item.entry.naturalPath(of: file).text)]]
                }),
            "properties": Self.properties([
                ("conversion:converter", "\(conversion.converter)"),
                ("conversion:inputs:sha256", conversion.inputs.hex),
            ]),
        ])
    }
}

extension LockedConversion {
    /// "dtype f16, merge one, two".
    var words: String { JSON.object(parameters).plainText ?? "" }
}
