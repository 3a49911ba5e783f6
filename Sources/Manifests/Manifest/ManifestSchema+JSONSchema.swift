package import Formats
import Tensors

extension ManifestSchema {
    /// The JSON Schema (draft 2020-12) of the manifest, for editors that complete and check TOML by one.
    ///
    /// It takes every manifest that Knapsack takes; what it cannot say (unique names, a repository's
    /// name to the letter) Knapsack still refuses. The same value every time.
    package static func jsonSchema() -> JSON {
        let properties =
            rootKeys.map { JSON.Member($0.name, $0.jsonSchema) }
            + tables.map { JSON.Member($0.name, $0.jsonSchema) }
        let required = rootKeys.filter(\.isRequired).map(\.name) + tables.filter(\.isRequired).map(\.name)
        return [
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "Knapsack manifest",
            "description": "Which models, data sets, wheels and files a bundle is made from.",
            "type": "object",
            "properties": .object(properties),
            "required": .array(required.map(JSON.string)),
            "anyOf": .array(tables.filter { $0.kind != nil }.map { ["required": [.string($0.name)]] }),
            "additionalProperties": false,
        ]
    }
}

extension ManifestSchema.Table {
    fileprivate var jsonSchema: JSON {
        var members: [JSON.Member] = [
            .init("type", "object"),
            .init("properties", .object(keys.map { .init($0.name, $0.jsonSchema) })),
        ]
        let required = keys.filter(\.isRequired).map { JSON.string($0.name) }
        if !required.isEmpty { members.append(.init("required", .array(required))) }
        if !forms.isEmpty { members.append(.init("oneOf", .array(forms.map(jsonSchema(of:))))) }
        if let variants {
            members.append(.init("allOf", .array(variants.cases.map(variants.jsonSchema(of:)))))
        }
        members.append(.init("additionalProperties", false))
        if kind == nil { return .object([.init("description", .string(summary))] + members) }
        return ["description": .string(summary), "type": "array", "items": .object(members)]
    }

    /// What one of the forms has, and has not.
    private func jsonSchema(of form: ManifestSchema.Form) -> JSON {
        let foreign = forms.filter { $0.key != form.key }.flatMap { [$0.key] + $0.own }
            .filter { !form.own.contains($0) }
        var members: [JSON.Member] = [
            .init("required", [.string(form.key)]),
            .init("properties", .object(foreign.map { .init($0, .bool(false)) })),
        ]
        if !form.needsOneOf.isEmpty {
            members.append(.init("anyOf", .array(form.needsOneOf.map { ["required": [.string($0)]] })))
        }
        if let (one, other) = form.exclusive {
            members.append(.init("not", ["required": [.string(one), .string(other)]]))
        }
        if !form.dependent.isEmpty {
            let needs = form.dependent.map { JSON.Member($0.key, [.string($0.needs)]) }
            members.append(.init("dependentRequired", .object(needs)))
        }
        return .object(members)
    }
}

extension ManifestSchema.Variants {
    /// What one value of the key means for the others.
    fileprivate func jsonSchema(of variant: ManifestSchema.Variant) -> JSON {
        // The first one is also meant where the key is missing, which a schema of properties lets through.
        var condition: [JSON.Member] = [
            .init("properties", .object([.init(key, ["const": .string(variant.value)])]))
        ]
        if variant.value != cases.first?.value { condition.append(.init("required", [.string(key)])) }
        let foreign = cases.filter { $0.value != variant.value }.flatMap(\.own)
        var properties = foreign.map { JSON.Member($0, .bool(false)) }
        if let (key, values) = variant.choices {
            properties.append(.init(key, ["enum": .array(values.map(JSON.string))]))
        }
        return [
            "if": .object(condition),
            "then": [
                "properties": .object(properties),
                "required": .array(variant.required.map(JSON.string)),
            ],
        ]
    }
}

extension ManifestSchema.Key {
    fileprivate var jsonSchema: JSON {
        var members: [JSON.Member] = [.init("description", .string(summary))]
        switch type {
        case .version:
            members += [.init("type", "integer"), .init("const", .integer(ManifestSchema.version))]
        case .text(let rule): members += rule.jsonSchema
        case .choice(let values):
            members += [.init("type", "string"), .init("enum", .array(values.map(JSON.string)))]
        case .list(let rule, let mayBeEmpty):
            members += [.init("type", "array"), .init("items", .object(rule.jsonSchema))]
            if !mayBeEmpty { members.append(.init("minItems", 1)) }
        case .bits: members += [.init("type", "number"), .init("exclusiveMinimum", 0), .init("maximum", 64)]
        case .sparsity:
            let part: JSON = ["type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1]
            members.append(
                .init("anyOf", [part, ["enum": .array(Sparsity.patterns.map { .string($0.text) })]]))
        case .count: members += [.init("type", "integer"), .init("minimum", 1)]
        case .size:
            let alternatives: JSON = [
                ["type": "integer", "minimum": 1],
                ["type": "string", "pattern": .string(ByteSize.pattern)],
            ]
            members.append(.init("anyOf", alternatives))
        case .date:
            // TOML's dates are no strings to every validator.
            let others: JSON = ["array", "boolean", "null", "number", "object"]
            members += [.init("format", "date"), .init("not", ["type": others])]
        case .flag: members.append(.init("type", "boolean"))
        case .listOrPath(let rule):
            let list: JSON = ["type": "array", "minItems": 1, "items": .object(rule.jsonSchema)]
            members.append(.init("anyOf", [list, .object(TextRule.line.jsonSchema)]))
        }
        if let defaultText {
            let isFlag = if case .flag = type { true } else { false }
            members.append(.init("default", isFlag ? .bool(defaultText == "true") : .string(defaultText)))
        }
        return .object(members)
    }
}

extension TextRule {
    fileprivate var jsonSchema: [JSON.Member] {
        var members: [JSON.Member] = [.init("type", "string")]
        if self == .findingCode {
            return members + [.init("enum", .array(FindingCode.allCases.map { .string($0.rawValue) }))]
        }
        if let lengths {
            members.append(.init("minLength", .integer(lengths.lowerBound)))
            members.append(.init("maxLength", .integer(lengths.upperBound)))
        }
        members.append(.init("pattern", .string(pattern)))
        return members
    }
}
