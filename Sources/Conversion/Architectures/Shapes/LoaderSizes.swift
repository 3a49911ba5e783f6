import Formats
import Tensors

/// The sizes that llama.cpp reads of the keys of a file, and computes the shapes of its tensors from (`load_hparams` in
/// src/llama-model.cpp, 2026-11).
///
/// A size that only a default made is not known here where config.json states no such number: a default may be another
/// than the checkpoint's, of which the reference converter makes the same file.
struct LoaderSizes: Sendable {
    /// GGUF's name for the architecture.
    let architecture: ExactName
    /// The keys with one number, without the architecture's name.
    private var numbers: [ExactName: Int] = [:]
    /// The keys with a number for each block, and which blocks have a window as 1 and 0.
    private var lists: [ExactName: [Int]] = [:]
    /// The whole numbers that config.json states of text, by their keys.
    private var stated: [ExactName: Set<Int>] = [:]
    /// All of them.
    private let all: Set<Int>

    /// Takes the sizes of a file.
    /// - Parameters:
    ///   - keys: what the file states.
    ///   - raw: config.json.
    init(_ keys: ModelMetadata, _ raw: JSON) {
        architecture = ExactName(keys.architecture)
        Self.collect(raw, "", into: &stated)
        all = stated.values.reduce(into: []) { $0.formUnion($1) }
        for item in keys.items {
            let key = item.key.dropping(start: keys.architecture + ".")
            switch item.value {
            case .uint32(let number): numbers[ExactName(key)] = Int(number)
            case .int32s(let values): lists[ExactName(key)] = values.map { Int($0) }
            case .bools(let flags): lists[ExactName(key)] = flags.map { $0 ? 1 : 0 }
            default: continue
            }
        }
    }

    private static let innerKeys = [
        "intermediate_size", "n_inner", "ffn_hidden_size", "hidden_dim", "d_ff", "mlp_hidden_size",
        "dense_intermediate_size", "prefix_dense_intermediate_size", "moe_ffn_hidden_size",
        "intermediate_size_mlp",
    ]
    private static let lengthKeys = [
        "head_dim", "d_kv", "global_head_dim", "attention_head_dim", "qk_head_dim", "kv_channels",
        "swa_head_dim", "v_head_dim",
    ]
    private static let groupKeys = ["multi_query_group_num", "num_key_value_heads"]
    private static let usedKeys = [
        "num_experts_per_tok", "num_experts_per_token", "top_k_experts", "moe_top_k", "moe_k",
        "moe_num_active_primary_experts", "num_experts_per_topk",
    ]

    /// Gathers whole numbers, without following a document deeper than any configuration goes, and without the parts
    /// for pictures and sound.
    private static func collect(
        _ json: JSON, _ key: String, into stated: inout [ExactName: Set<Int>], depth: Int = 0
    ) {
        if let number = json.wholeNumber { stated[ExactName(key), default: []].insert(number) }
        guard depth < 8 else { return }
        for element in json.array ?? [] { collect(element, key, into: &stated, depth: depth + 1) }
        for member in json.members ?? []
        where !["vision", "audio", "speech"].contains(where: { member.key.containsUTF8($0) }) {
            collect(member.value, member.key, into: &stated, depth: depth + 1)
        }
    }

    /// Whether config.json states a number by one of these keys.
    private func isStated(_ number: Int, by keys: [String]) -> Bool {
        keys.contains { stated[$0]?.contains(number) == true }
    }

    /// Whether config.json states any number by one of these keys.
    private func isAnyStated(by keys: [String]) -> Bool { keys.contains { stated[$0] != nil } }

    /// What llama.cpp ends for before it looks at any tensor, as a clause behind "config.json"; `nil` where there is
    /// nothing of that kind.
    var problem: String? {
        guard let count = written("block_count") else { return nil }
        if count > Self.maximumBlocks {
            return "states \(count) blocks, and llama.cpp takes \(Self.maximumBlocks)"
        }
        for key in Self.listed {
            // The converter counts Jamba's blocks in two ways where a default is another than the checkpoint's.
            guard let list = lists[key], list.count != count, architecture != "jamba" else { continue }
            return "states \(key.text) for \(list.count) blocks, and that there are \(count)"
        }
        if let used = written("expert_used_count"), isStated(used, by: Self.usedKeys),
            let experts = number("expert_count"), used > experts
        {
            return "states that each token takes \(used) experts, and that there are \(experts)"
        }
        return nil
    }

    /// `LLAMA_MAX_LAYERS` of src/llama-hparams.h.
    private static let maximumBlocks = 512
    /// The keys whose lists have to be as long as there are blocks.
    private static let listed: [ExactName] = [
        "feed_forward_length", "attention.head_count", "attention.head_count_kv", "expert_used_count",
        "expert_feed_forward_length",
    ]

    // MARK: Numbers

    /// The number of a key, whether it was stated or not; `nil` where there is none, or a list.
    func written(_ key: String) -> Int? { numbers[ExactName(key)] }

    /// The number of a key; `nil` also where config.json does not state it.
    func number(_ key: String) -> Int? { written(key).flatMap { all.contains($0) ? $0 : nil } }

    /// The number of a key for a block; `nil` where it is not known.
    func number(_ key: String, _ block: Int) -> Int? {
        guard let list = lists[ExactName(key)] else { return number(key) }
        return list.indices.contains(block) ? list[block] : nil
    }

    /// What a block is like: the blocks in which every list has the same are of the same shapes.
    func kind(_ block: Int) -> [Int] {
        // RWKV 7 has nothing to mix values with in the first, and something of another size in its place.
        if architecture == "rwkv7" || architecture == "arwkv7" { return [min(block, 1)] }
        return lists.sorted { $0.key < $1.key }.compactMap { _, list in
            list.indices.contains(block) ? list[block] : nil
        }
    }

    /// The length of an embedding.
    var width: Int? { written("embedding_length") }

    /// How many heads of queries a block has.
    func heads(_ block: Int) -> Int? { number("attention.head_count", block) }

    /// How many heads of keys and of values a block has: as many as of queries where nothing is written.
    func keyHeads(_ block: Int) -> Int? {
        let key = "attention.head_count_kv"
        if architecture == "chatglm", !isAnyStated(by: Self.groupKeys) { return nil }
        return hasKey(key) ? number(key, block) ?? same(written(key), heads(block)) : heads(block)
    }

    /// How many elements a head of keys has, and of queries.
    func keyLength(_ block: Int) -> Int? { length("attention.key_length", block) }

    /// How many elements a head of values has.
    func valueLength(_ block: Int) -> Int? { length("attention.value_length", block) }

    private func length(_ key: String, _ block: Int) -> Int? {
        let hasWindow = lists["attention.sliding_window_pattern"].map {
            $0.indices.contains(block) && $0[block] == 1
        }
        // llama.cpp divides by the heads of the first block.
        let first = heads(0)
        let share = width.flatMap { width in first.flatMap { $0 > 0 ? width / $0 : nil } }
        let own = hasWindow == true && hasKey(key + "_swa") ? key + "_swa" : key
        guard let length = written(own) else { return hasKey(own) ? nil : share }
        return length == share || isStated(length, by: Self.lengthKeys) ? length : nil
    }

    /// The width behind attention: one that is four times an embedding's is the usual one where none is stated.
    func inner(_ block: Int) -> Int? {
        guard let number = written("feed_forward_length") else {
            return number("feed_forward_length", block)
        }
        // LFM 2's is computed of several numbers that are stated.
        let isComputed = architecture == "lfm2" || architecture == "lfm2moe"
        if isComputed || isStated(number, by: Self.innerKeys) { return number }
        guard !isAnyStated(by: Self.innerKeys), architecture != "chatglm" else { return nil }
        return LoaderSizes.times(4, width).flatMap { same(number, $0) }
    }

    /// The width of an expert.
    var expertInner: Int? {
        hasKey("expert_feed_forward_length") ? number("expert_feed_forward_length") : inner(0)
    }

    /// The width of the experts that see every token, together; `nil` also where two keys make it different.
    var sharedInner: Int? {
        let (whole, count) = (number("expert_shared_feed_forward_length"), number("expert_shared_count"))
        guard let product = Self.times(count, expertInner), product > 0 else { return whole }
        return whole == nil || whole == product ? product : nil
    }

    /// How many elements of a head are rotated.
    var rotated: Int? { written("rope.dimension_count") ?? keyLength(0) }

    private func hasKey(_ key: String) -> Bool {
        numbers[ExactName(key)] != nil || lists[ExactName(key)] != nil
    }
    private func same(_ first: Int?, _ second: Int?) -> Int? { first == second ? first : nil }

    /// A product, without an end where it is too large to be that of a tensor.
    static func times(_ first: Int?, _ second: Int?) -> Int? {
        guard let first, let second else { return nil }
        let (product, overflow) = first.multipliedReportingOverflow(by: second)
        return overflow ? Int.max : product
    }

    /// A sum, as ``times(_:_:)``.
    static func sum(_ numbers: Int?...) -> Int? {
        var sum = 0
        for number in numbers {
            guard let number else { return nil }
            let (next, overflow) = sum.addingReportingOverflow(number)
            sum = overflow ? Int.max : next
        }
        return sum
    }
}
