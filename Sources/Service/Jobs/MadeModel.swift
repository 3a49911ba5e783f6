import Catalogue
import Formats
import ModelFacts
import Storage

/// What was made of a model that somebody uploaded, as a version of the registry: with the owner and the visibility of the
/// original, what it was made from, and what that cost.
struct MadeModel {
    private let catalogue: ModelCatalogue
    private let job: Job
    private let wish: OptimizationWish
    private let keeper: OptimizationKeeper

    /// The member of its document that states how it was made. No client can set or change it.
    static let member = "made"

    /// The most versions of one name.
    private static let mostVersions = 1000
    /// The most bytes of a model's name.
    private static let nameLimit = 96

    /// Takes a job that made something.
    init(_ catalogue: ModelCatalogue, _ job: Job, _ wish: OptimizationWish, _ keeper: OptimizationKeeper) {
        self.catalogue = catalogue
        self.job = job
        self.wish = wish
        self.keeper = keeper
    }

    /// What it is called: the original's name and the product's.
    private var name: String {
        let plain = { (byte: UInt8) in
            ModelVersion.problem(inName: "x" + String(decoding: [byte], as: UTF8.self)) == nil
        }
        let label = "-" + String(decoding: wish.label.utf8.filter(plain), as: UTF8.self)
        let stem = wish.original.name.utf8.prefix(max(1, MadeModel.nameLimit - label.utf8.count))
        return String(decoding: stem, as: UTF8.self) + label
    }

    /// How it differs from the original, in the words of the Hub's cards where they have one.
    private var relation: String {
        switch wish.product {
        case .type, .fit: "quantized"
        case .cast: "cast"
        case .pruned: "pruned"
        }
    }

    /// Puts the files into the store, and adds the version: all of it is there at once. A job that was begun again finds what it
    /// had added before.
    /// - Parameters:
    ///   - files: what was made, which is moved.
    ///   - folder: where it is.
    ///   - original: the model as it is now, of those that can be private.
    ///   - license: what the original's card states.
    /// - Returns: the id of the model, and the version.
    func publish(
        _ files: [StoredFile], in folder: String, _ original: UploadedOriginal?, license: String?,
        comparison: JSON
    ) throws -> (id: String, version: String) {
        let made: JSON = [
            "job": .integer(job.number), "asked": .integer(Int(job.created)),
            "from": .string(wish.original.id), "source": .string(wish.original.text),
            "license": license.map(JSON.string) ?? .null, "relation": .string(relation),
            "product": .string(wish.label), "comparison": comparison,
        ]
        let id = "local:\(keeper.user)/\(name)"
        if let version = try published() { return (id, version) }
        let review = UploadReview(
            files.map {
                ModelFile(path: $0.path, location: $0.path.joined(to: folder), size: $0.content.size)
            })
        // Moved together with the others, so that nothing of it is read any more.
        let items = try files.map { file in
            (
                incoming: try catalogue.store.receive(moving: file.path.joined(to: folder), file.content),
                content: file.content
            )
        }
        let kept = try RepositoryStore(catalogue).keep(items)
        for number in 1...MadeModel.mostVersions {
            let version = wish.original.version + (number == 1 ? "" : "-\(number)")
            guard ModelVersion.problem(inName: version) == nil else { break }
            let document = try document(version, files, original, review, made)
            do throws(ModelCatalogue.Problem) {
                try catalogue.add(
                    ModelVersion(
                        user: keeper.user, model: name, version: version, document: document, files: files),
                    kept)
                return (id, version)
            } catch {
                guard case .exists = error else { throw JobFailure("the result cannot be kept") }
            }
        }
        throw JobFailure("\(keeper.user)/\(name) has too many versions: delete some")
    }

    /// The version that this very job has added.
    private func published() throws -> String? {
        try catalogue.versions(user: keeper.user, model: name, isPublicOnly: false).first { version in
            let made = version.document[MadeModel.member]
            return made?["job"]?.integer == job.number && made?["asked"]?.integer == Int(job.created)
        }?.version
    }

    private func document(
        _ version: String, _ files: [StoredFile], _ original: UploadedOriginal?, _ review: UploadReview,
        _ made: JSON
    ) throws -> JSON {
        let stated = original?.document ?? [:]
        var fields = [
            (name: "user_id", value: keeper.user), (name: "model_id", value: name),
            (name: "version", value: version),
            (
                name: "name",
                value: "\(stated["name"]?.string ?? wish.original.name), \(wish.label)"
            ),
            (name: "description", value: "\(wish.label) of \(wish.original.text), made on this server"),
            (name: "visibility", value: original?.isPublic == true ? "public" : "private"),
        ]
        if let type = stated["model_type"]?.string, ModelWords.types.containsExactly(type) {
            fields.append((name: "model_type", value: type))
        }
        // A form has commas between tags.
        let tags = (stated["tags"]?.strings ?? []).filter { !$0.utf8.contains(UInt8(ascii: ",")) }
        if !tags.isEmpty { fields.append((name: "tags", value: tags.joined(separator: ","))) }
        let primary = files.count == 1 ? files.first?.path : nil
        let document = ModelDocument.new(
            try ModelForm(fields), files, primary: primary, review, requirements: [])
        return try ModelDocument.checked(
            .object((document.members ?? []) + [JSON.Member(MadeModel.member, made)]))
    }
}
