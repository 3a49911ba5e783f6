import Catalogue
import Formats
import ModelFacts
import Storage

/// The document that is shown of a version.
enum ModelDocument {
    /// The document of a version that was just uploaded.
    static func new(
        _ form: ModelForm, _ files: [StoredFile], primary: RelativePath?, _ review: UploadReview,
        requirements: [String]
    ) -> JSON {
        let folder = "models/\(form.user)/\(form.model)/\(form.version)/"
        let named = primary.map { ModelWords.framework(of: $0) } ?? "other"
        let total = files.reduce(0) { $0.addingReportingOverflow($1.content.size).partialValue }
        let now = HTTPDate.isoText(currentTime() / 1_000_000_000)
        var members: [JSON.Member] = [
            JSON.Member("model_id", .string(form.model)), JSON.Member("user_id", .string(form.user)),
            JSON.Member("version", .string(form.version)),
            JSON.Member("framework", .string(form.framework ?? named)),
        ]
        members += form.members
        members += [
            JSON.Member("files", .array(files.map { file($0, folder, isPrimary: $0.path == primary) })),
            JSON.Member("primary_file_path", primary.map { .string(folder + $0.text) } ?? .null),
            JSON.Member("input_shape", .null), JSON.Member("output_shape", .null),
            JSON.Member("num_parameters", review.facts.parameters.map(JSON.integer) ?? .null),
            JSON.Member("model_size_mb", .number((Double(total) / 1_048_576 * 1000).rounded() / 1000)),
            JSON.Member("training_dataset", .null),
            JSON.Member("dependencies", .array(requirements.map(JSON.string))),
            JSON.Member(
                "custom_metadata",
                review.notes.isEmpty
                    ? .object([]) : ["findings": .array(review.notes.prefix(50).map(JSON.string))]),
            JSON.Member("created_at", .string(now)), JSON.Member("updated_at", .string(now)),
            JSON.Member("is_active", true), JSON.Member("is_production_ready", false),
        ]
        return .object(members)
    }

    private static func file(_ file: StoredFile, _ folder: String, isPrimary: Bool) -> JSON {
        [
            "filename": .string(file.path.text), "file_path": .string(folder + file.path.text),
            "file_size": .integer(file.content.size), "file_type": .string(file.path.pathExtension ?? ""),
            "file_hash": .string(file.content.sha256.hex),
            "content_type": .string(ModelWords.contentType(of: file.path)), "is_primary": .bool(isPrimary),
            "description": .null,
        ]
    }

    /// A document that is no larger than lists can hold.
    static func checked(_ document: JSON) throws(ModelRefusal) -> JSON {
        guard document.compactText.utf8.count <= sizeLimit else {
            throw ModelRefusal(413, "what is stated of the version is more than 8 MiB")
        }
        return document
    }

    private static let sizeLimit = 8 << 20

    /// What of a document may be changed, and what kind of value each takes.
    private enum Kind {
        case text, number, words, object, truth, shape, word([String])
    }

    private static let changeable: [ExactName: Kind] = [
        "name": .text, "description": .text, "algorithm": .text, "python_version": .text,
        "hardware_requirements": .text, "training_dataset": .text, "framework": .word(ModelWords.frameworks),
        "model_type": .word(ModelWords.types), "training_accuracy": .number, "validation_accuracy": .number,
        "test_accuracy": .number, "training_loss": .number, "tags": .words, "dependencies": .words,
        "custom_metadata": .object, "is_production_ready": .truth, "input_shape": .shape,
        "output_shape": .shape,
    ]

    /// A document with some members changed; files, sizes and hashes stay what they are.
    static func changed(_ document: JSON, by changes: JSON) throws(ModelRefusal) -> JSON {
        guard let wanted = changes.members else {
            throw ModelRefusal(400, "the body has to be a JSON object")
        }
        var values: [ExactName: JSON] = [:]
        for member in wanted {
            guard let kind = changeable[member.key] else {
                throw ModelRefusal(400, "\(member.key.withVisibleScalars) cannot be changed")
            }
            guard fits(member.value, kind) else {
                throw ModelRefusal(400, "\(member.key) has a value of another kind")
            }
            values[member.key] = member.value
        }
        if (values["tags"]?.array?.count ?? 0) > ModelForm.tagLimit {
            throw ModelRefusal(400, "there are more than \(ModelForm.tagLimit) tags")
        }
        values["updated_at"] = .string(HTTPDate.isoText(currentTime() / 1_000_000_000))
        return try checked(
            .object((document.members ?? []).map { JSON.Member($0.key, values[$0.key] ?? $0.value) }))
    }

    /// The largest number of a shape, below zero or above it: every reader of JSON has it exactly.
    static let dimensionLimit = (1 << 53) - 1

    private static func isDimension(_ value: JSON) -> Bool {
        // JSON has one kind of number: 4.0 is an integer, too.
        value.isNull
            || value.double.map { $0.rounded() == $0 && abs($0) <= Double(dimensionLimit) } == true
    }

    private static func fits(_ value: JSON, _ kind: Kind) -> Bool {
        switch kind {
        case .text: value.isNull || value.string != nil
        case .number: value.isNull || value.double?.isFinite == true
        case .words: value.strings?.allSatisfy { !$0.utf8.contains(0x0A) } == true
        case .object: value.members != nil
        case .truth: value.bool != nil
        case .shape: value.isNull || value.array?.allSatisfy(isDimension) == true
        case .word(let words): value.string.map { words.containsExactly($0) } == true
        }
    }
}

extension JSON {
    /// Whether it is `null`.
    fileprivate var isNull: Bool { if case .null = self { true } else { false } }
}
