import ArgumentParser
import Bundling
import Storage
import Tensors

/// `knapsack convert`
struct ConvertCommand: KnapsackCommand {
    static let configuration = CommandConfiguration(
        commandName: "convert",
        abstract: "Make another form of one model, outside of a manifest.",
        discussion: """
            --dtype casts the safetensors of a model, as torch's .to(dtype) does: shards, names, order, \
            metadata and index stay, and config.json says the new type. Floating-point tensors of 16 bits and \
            more are cast; all others stay. A finite number that would become infinite is an error. Weights in \
            other formats (.bin, .gguf, .onnx, …) are left out; every other file is copied.

            The new directory gets its name only when all of it is whole and on the disk.

            Examples:
              knapsack convert --dtype f16 ./qwen ./qwen-f16
              knapsack convert --dtype bf16 hf:Qwen/Qwen2.5-7B-Instruct ./qwen-bf16    out of the cache
              knapsack convert --dtype f32 ~/.cache/huggingface/hub/models--a--b/snapshots/0123… ./b-f32
            """)

    /// The types of a cast.
    enum CastChoice: String, ExpressibleByArgument, CaseIterable {
        case f16, bf16, f32
    }

    @Argument(
        help: ArgumentHelp(
            "The model: a directory, or a source such as hf:org/name or kaggle:owner/model/framework/variation.",
            valueName: "model"),
        completion: .directory)
    var model: String

    @Argument(
        help: ArgumentHelp("The directory to write; it must not exist, or be empty.", valueName: "output"),
        completion: .directory)
    var target: String

    @Option(help: ArgumentHelp("Cast floating-point tensors to this type.", valueName: "f16|bf16|f32"))
    var dtype: CastChoice?

    @OptionGroup var cacheOptions: CacheOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard dtype != nil else { throw ValidationError("say what to make: --dtype f16, bf16 or f32") }
        if target.isEmpty { throw ValidationError("the output's name is empty") }
    }

    func execute(_ session: Session) async throws {
        guard let type = dtype.flatMap({ CastType(rawValue: $0.rawValue) }) else { return }
        let snapshot = try cacheOptions.caches(session.context).model(model)
        let target = Path.normalized(Path.join(try Directory.current(), target))
        let conversion = try ModelConversion(snapshot, name: model, product: .cast(type), target: target)
        session.report(conversion.findings)
        let receipt = try await conversion.write(progress: session.progress)
        session.add("input", .string(model))
        session.add("output", .string(target))
        session.add("dtype", .string(type.rawValue))
        session.add("size", .integer(receipt.size))
        session.add("files", .array(receipt.files.map(\.json)))
        session.add("left", .array(receipt.left.map(JSON.string)))
        if session.verbose {
            for file in receipt.files { session.say("\(file.isConverted ? "cast" : "copied")  \(file.path)") }
        }
        if !receipt.left.isEmpty {
            let names = receipt.left.prefix(5).joined(separator: ", ") + (receipt.left.count > 5 ? ", …" : "")
            session.say("left out, because they are weights in other formats: \(names)")
        }
        let count = receipt.files.count
        session.say(
            "wrote \(target): \(count) \(count == 1 ? "file" : "files"), \(ByteCount.text(receipt.size))")
    }
}

extension ModelConversion.Receipt.File {
    fileprivate var json: JSON {
        ["path": .string(path), "size": .integer(size), "converted": .bool(isConverted)]
    }
}
