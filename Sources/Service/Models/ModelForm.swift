import Catalogue
import Formats

/// The words that fields of the registry of models may have.
enum ModelWords {
    /// What a model is made with.
    static let frameworks = ["pytorch", "tensorflow", "sklearn", "onnx", "keras", "huggingface", "other"]
    /// Who sees a version: its owner, or others, too.
    static let visibilities = ["private", "public"]
    /// What a model is for.
    static let types = [
        "classification", "regression", "clustering", "nlp", "computer_vision", "recommendation",
        "time_series",
        "reinforcement_learning", "other",
    ]

    /// The framework of a file by its name; "other" where it says none.
    static func framework(of path: RelativePath) -> String {
        switch path.pathExtension?.lowercased() ?? "" {
        case "pkl", "joblib": "sklearn"
        case "onnx": "onnx"
        case "h5", "hdf5": "keras"
        case "pb": "tensorflow"
        case "pth", "pt": "pytorch"
        case "bin", "safetensors": "huggingface"
        default: "other"
        }
    }

    /// The media type of a file by its name.
    static func contentType(of path: RelativePath) -> String {
        switch path.pathExtension?.lowercased() ?? "" {
        case "json": "application/json"
        case "txt", "md", "py", "yaml", "yml", "csv": "text/plain"
        default: "application/octet-stream"
        }
    }
}

/// The fields of an upload, checked.
struct ModelForm {
    /// Whose it is.
    let user: String
    /// The model.
    let model: String
    /// The version.
    let version: String
    /// Whether directories in a zip stay.
    let keepsStructure: Bool
    /// Whether the file that is uploaded alone is the one to load.
    let isPrimary: Bool
    /// The framework; `nil` where it is found by the files' names.
    let framework: String?
    /// Who sees it.
    let visibility: String
    /// The members of the document that come from fields.
    let members: [JSON.Member]

    private static let texts = [
        "name", "description", "algorithm", "python_version", "hardware_requirements",
    ]
    /// How forms of browsers and of Python write that something is so.
    static let yes = ["true", "True", "1", "yes", "on"]
    /// That it is not.
    static let no = ["false", "False", "0", "no", "off"]
    /// The fields that are read; what others hold is for nobody.
    static let known =
        texts + numbers + [
            "user_id", "model_id", "version", "framework", "model_type", "is_primary", "preserve_structure",
            "tags", "visibility",
        ]
    /// Numbers of how good a model is.
    static let numbers = ["training_accuracy", "validation_accuracy", "test_accuracy", "training_loss"]

    /// Checks the fields of a form.
    init(_ fields: [(name: String, value: String)]) throws(ModelRefusal) {
        func value(_ name: String) -> String? {
            fields.last { $0.name.hasSameBytes(as: name) }.flatMap { $0.value.isEmpty ? nil : $0.value }
        }
        func required(_ name: String) throws(ModelRefusal) -> String {
            guard let value = value(name) else { throw ModelRefusal(400, "the field \(name) is missing") }
            return value
        }
        user = try ModelForm.checkedName(try required("user_id"), "user_id")
        model = try ModelForm.checkedName(try required("model_id"), "model_id")
        let named = fields.last { $0.name.hasSameBytes(as: "version") }?.value
        version = try ModelForm.checkedName(named ?? "v1", "version")
        func truth(_ name: String) throws(ModelRefusal) -> Bool? {
            guard let text = value(name) else { return nil }
            if ModelForm.yes.containsExactly(text) { return true }
            guard ModelForm.no.containsExactly(text) else {
                throw ModelRefusal(400, "\(name) is true or false")
            }
            return false
        }
        keepsStructure = try truth("preserve_structure") ?? true
        isPrimary = try truth("is_primary") ?? true
        framework = try value("framework").map { text throws(ModelRefusal) in
            try ModelForm.word(text, "framework", ModelWords.frameworks)
        }
        var members: [JSON.Member] = []
        for name in ModelForm.texts {
            let text = name == "name" ? value(name) ?? model : value(name)
            members.append(JSON.Member(name, text.map(JSON.string) ?? .null))
        }
        let type = try value("model_type").map { text throws(ModelRefusal) in
            try ModelForm.word(text, "model_type", ModelWords.types)
        }
        members.append(JSON.Member("model_type", .string(type ?? "other")))
        visibility =
            try value("visibility").map { text throws(ModelRefusal) in
                try ModelForm.word(text, "visibility", ModelWords.visibilities)
            } ?? "private"
        let tags = try ModelForm.tags(value("tags") ?? "")
        members.append(JSON.Member("tags", .array(tags.map(JSON.string))))
        for name in ModelForm.numbers {
            guard let text = value(name) else {
                members.append(JSON.Member(name, .null))
                continue
            }
            guard let number = Double(text), number.isFinite else {
                throw ModelRefusal(400, "\(name) is no number")
            }
            members.append(JSON.Member(name, .number(number)))
        }
        self.members = members
    }

    /// The most tags of a version, and the most tags or words that a search may have.
    static let tagLimit = 100

    /// The tags of a text with commas between them. None has a line feed, which is between tags in the catalogue.
    static func tags(_ text: String) throws(ModelRefusal) -> [String] {
        let tags = HeaderFields.list(text).filter { !$0.isEmpty }
        guard tags.count <= tagLimit else { throw ModelRefusal(400, "there are more than \(tagLimit) tags") }
        guard !text.utf8.contains(0x0A) else { throw ModelRefusal(400, "a tag has a line feed in it") }
        return tags
    }

    /// A name that is one of a user, a model or a version.
    static func checkedName(_ name: String, _ field: String) throws(ModelRefusal) -> String {
        if let problem = ModelNames.problem(name) { throw ModelRefusal(400, "\(field) \(problem)") }
        return name
    }

    /// A text that is one of some words.
    static func word(_ text: String, _ field: String, _ words: [String]) throws(ModelRefusal) -> String {
        guard words.containsExactly(text) else {
            throw ModelRefusal(400, "\(field) is one of \(words.joined(separator: ", "))")
        }
        return text
    }
}
