import Formats
import Manifests
import Storage

extension ModelStatement {
    /// Reads the payload of a signature, and holds its parts against each other.
    init(payload: [UInt8]) throws(SignatureProblem) {
        let document: JSON
        do {
            document = try JSON.parse(payload)
        } catch {
            throw SignatureProblem("holds a statement that is not a JSON document: \(error)")
        }
        let statement = try SignatureObject(document, "the statement")
        let type = try statement.string("_type")
        guard type == ModelStatement.type else {
            throw SignatureProblem("is over a \"\(type)\", not a statement")
        }
        let predicateType = try statement.string("predicateType")
        guard predicateType == ModelStatement.predicateType else {
            throw SignatureProblem(
                predicateType == "https://model_signing/Digests/v0.1"
                    ? "was made by model_signing before version 1.0, and has to be made again"
                    : "is a \"\(predicateType)\", and not a signature of a model")
        }
        let subjects = try statement.objects("subject")
        guard let subject = subjects.first, subjects.count == 1 else {
            throw SignatureProblem("is of \(subjects.count) models, and not of one")
        }
        name = try subject.string("name")
        let root = try subject.object("digest").hexBytes("sha256")

        let predicate = try statement.object("predicate")
        let serialization = try predicate.object("serialization")
        try serialization.allowOnly(["method", "hash_type", "shard_size", "allow_symlinks", "ignore_paths"])
        let hashName = try serialization.string("hash_type")
        guard let hash = ModelHash(rawValue: hashName) else {
            throw SignatureProblem(
                "is over digests of \(hashName), which Knapsack does not compute", verdict: .undecided)
        }
        self.hash = hash
        followsLinks = try serialization.bool("allow_symlinks")
        ignoredPaths = try ModelStatement.ignoredPaths(serialization)
        shardSize = try ModelStatement.shardSize(serialization)

        let resources = try ModelStatement.resources(predicate, hash, shardSize)
        let sum: SHA256Digest
        do throws(HashingFailure) {
            sum = try ContentHasher.sha256(Array(resources.map(\.digest).joined()).span)
        } catch {
            throw SignatureProblem("could not be looked at: \(error)", verdict: .undecided)
        }
        guard sum.bytes == root else {
            throw SignatureProblem("names a digest of the model that does not follow from its files' digests")
        }
        files = try ModelStatement.files(resources, shardSize)
        isInOrder = ModelStatement.isInOrder(resources)
    }

    private static func ignoredPaths(_ serialization: SignatureObject) throws(SignatureProblem)
        -> [RelativePath]
    {
        guard serialization["ignore_paths"] != nil else { return [] }
        // A path that is in no model leaves nothing out, and one that is all of it must not.
        return try serialization.strings("ignore_paths").compactMap { RelativePath(Path.normalized($0)) }
    }

    private static func shardSize(_ serialization: SignatureObject) throws(SignatureProblem) -> Int? {
        switch try serialization.string("method") {
        case "files":
            guard serialization["shard_size"] == nil else {
                throw SignatureProblem("has a size of shards, but is over whole files")
            }
            return nil
        case "shards":
            let size = try serialization.integer("shard_size")
            guard size > 0 else { throw SignatureProblem("has shards of \(size) bytes") }
            return size
        case let other:
            throw SignatureProblem("is over \"\(other)\", which is not known", verdict: .undecided)
        }
    }

    /// A resource as it stands there: a file, or a shard of one.
    private struct Resource {
        /// `nil` for "."
        let path: RelativePath?
        let range: Range<Int>?
        let name: String
        let digest: [UInt8]
    }

    private static func resources(
        _ predicate: SignatureObject, _ hash: ModelHash, _ shardSize: Int?
    ) throws(SignatureProblem) -> [Resource] {
        // model_signing 1.1.1 names the algorithm of a shard so; the format only by the hash.
        let algorithms = [hash.rawValue] + (shardSize.map { ["\(hash.rawValue)-sharded-\($0)"] } ?? [])
        var resources: [Resource] = []
        for object in try predicate.objects("resources") {
            let name = try object.string("name")
            let digest = try object.hexBytes("digest")
            guard algorithms.contains(try object.string("algorithm")), digest.count == hash.size else {
                throw SignatureProblem("has another kind of digest for \(name) than it states")
            }
            let (path, range) = try parts(of: name, isShard: shardSize != nil)
            // A file that is signed by itself had this name up to version 1.0.
            if path != ".", let problem = RelativePath.problem(path) {
                throw SignatureProblem("names a file that \(problem): \"\(name)\"")
            }
            resources.append(Resource(path: RelativePath(path), range: range, name: name, digest: digest))
        }
        guard !resources.isEmpty else { throw SignatureProblem("names no file") }
        guard resources.count == 1 || !resources.contains(where: { $0.path == nil }) else {
            throw SignatureProblem("names a file that has a part \".\"")
        }
        return resources
    }

    /// The path and the range of "path:start:end"; only the last two colons count, because paths may have some.
    private static func parts(
        of name: String, isShard: Bool
    ) throws(SignatureProblem) -> (path: String, range: Range<Int>?) {
        guard isShard else { return (name, nil) }
        let fields = name.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard fields.count >= 3, let start = decimal(fields[fields.count - 2]),
            let end = decimal(fields[fields.count - 1]), start < end
        else { throw SignatureProblem("has a shard without a range: \"\(name)\"") }
        let tail = fields[fields.count - 2].count + fields[fields.count - 1].count + 2
        let path = String(decoding: name.utf8.dropLast(tail), as: UTF8.self)
        return (path, start..<end)
    }

    private static func decimal(_ digits: Substring.UTF8View) -> Int? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }), digits.first != 0x30 || digits.count == 1
        else {
            return nil
        }
        return Int(Substring(digits))
    }

    /// Puts the shards of each file together, which must cover it from its start without gap.
    private static func files(
        _ resources: [Resource], _ shardSize: Int?
    ) throws(SignatureProblem) -> [File] {
        let groups = Dictionary(grouping: resources, by: \.path)
        var files: [File] = []
        for group in groups.values {
            guard let first = group.first else { continue }
            let name = first.path?.text ?? "."
            guard let shardSize else {
                guard group.count == 1 else { throw SignatureProblem("names \(name) twice") }
                files.append(File(path: first.path, digests: [first.digest], size: nil))
                continue
            }
            let shards = group.sorted { ($0.range?.lowerBound ?? 0) < ($1.range?.lowerBound ?? 0) }
            var end = 0
            for (index, shard) in shards.enumerated() {
                guard let range = shard.range, range.lowerBound == end, range.count <= shardSize,
                    range.count == shardSize || index == shards.count - 1
                else { throw SignatureProblem("has shards of \(name) that do not follow each other") }
                end = range.upperBound
            }
            files.append(File(path: first.path, digests: shards.map(\.digest), size: end))
        }
        return files.sorted { $0.name.precedesByBytes($1.name) }
    }

    /// By the names' code points, as the format states; or as model_signing 1.1.1 does it: part by part of the
    /// path, and shards by their numbers.
    private static func isInOrder(_ resources: [Resource]) -> Bool {
        let pairs = zip(resources, resources.dropFirst())
        if pairs.allSatisfy({ $0.name.precedesByBytes($1.name) }) { return true }
        return pairs.allSatisfy { left, right in
            if left.path == right.path {
                return (left.range?.lowerBound ?? 0) < (right.range?.lowerBound ?? 0)
            }
            let parts = [left, right].map { $0.path?.components ?? ["."] }
            return parts[0].lexicographicallyPrecedes(parts[1]) { $0.precedesByBytes($1) }
        }
    }
}
