import Formats
package import Tensors
import Tokenizers

/// What was asked of `quantize`, by llama-quantize's options.
package struct QuantizationOptions: Sendable {
    /// The type or mixture to make.
    package var type: QuantizationType
    /// `--pure`: one type for every tensor that is quantized, without the mixture's exceptions.
    package var isPure = false
    /// `--token-embedding-type`: the type of the token embeddings, with no regard to the mixture.
    package var tokenEmbeddingType: GGMLType?
    /// `--output-tensor-type`: the type of `output.weight`, with no regard to the mixture.
    package var outputTensorType: GGMLType?
    /// `--tensor-type`: the first rule that finds its pattern in a tensor's name decides. They count where the
    /// type asked for is a quantized one.
    package var tensorTypes: [TensorTypeRule] = []
    /// `--leave-output-tensor`: `output.weight` is copied.
    package var leavesOutputTensor = false
    /// `--allow-requantize`: tensors that are quantized already may be converted.
    package var allowsRequantizing = false
    /// `--prune-layers`: the numbers of the blocks that are left out, sorted, each once.
    package var prunedBlocks: [Int] = []
    /// `--keep-split`: tensors stay in the order in which they are given: by file, then by place in it.
    package var keepsOrder = false

    /// Asks for a type, and for nothing else.
    package init(type: QuantizationType) { self.type = type }
}

extension QuantizationOptions {
    /// The rules of `--tensor-type-file`, as C++ reads words: between spaces, tabulators and ends of lines.
    /// - Throws: where one of them is none.
    package static func tensorTypes(inFile text: String) throws(QuantizationError) -> [TensorTypeRule] {
        var rules: [TensorTypeRule] = []
        for word in text.utf8.split(whereSeparator: \.isASCIISpace) {
            rules.append(try TensorTypeRule(String(decoding: word, as: UTF8.self)))
        }
        return rules
    }
}

/// A rule of `--tensor-type PATTERN=TYPE`.
package struct TensorTypeRule: Sendable {
    /// The regular expression (ECMAScript) that is looked for in a tensor's name; in lower case, as
    /// llama-quantize makes it, so that `\D` means `\d`.
    package let pattern: String
    /// The type of the tensors it is found in.
    package let type: GGMLType
    private let expression: NamePattern
    /// The only name that it is for, so that nothing need be looked for; `nil` where the pattern decides.
    private var name: String?

    /// A rule for one tensor, whose pattern is found in no other name that differs in more than its case.
    /// - Throws: where no pattern is for the name.
    package init(exactly name: String, type: GGMLType) throws(QuantizationError) {
        var pattern = "^"
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"):
                pattern.unicodeScalars.append(Unicode.Scalar(byte))
            case UInt8(ascii: "."): pattern += #"\."#
            // Patterns are made of small letters, and have no space in them.
            default: pattern += "."
            }
        }
        pattern += "$"
        do throws(RegexError) {
            expression = try NamePattern(pattern)
        } catch {
            throw QuantizationError("there is no rule for \(name.quotedForMessage): \(error.message)")
        }
        self.pattern = pattern
        self.type = type
        self.name = name
    }

    /// Reads `PATTERN=TYPE`.
    /// - Throws: where either is missing, the pattern is no regular expression, or the type is unknown.
    package init(_ text: String) throws(QuantizationError) {
        guard let equals = text.utf8.firstIndex(of: UInt8(ascii: "=")), equals != text.utf8.startIndex else {
            throw QuantizationError(
                "the rule \(text.quotedForMessage) is not PATTERN=TYPE",
                hint: #"write it as ffn_down=Q6_K or "blk\.(0|1)\.=Q8_0""#)
        }
        let pattern = String(
            decoding: text.utf8[..<equals].map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        type = try GGMLType(convertibleNamed: String(text[text.utf8.index(after: equals)...]))
        do throws(RegexError) {
            expression = try NamePattern(pattern)
        } catch {
            throw QuantizationError(
                "the pattern \(pattern.quotedForMessage) is not a regular expression: \(error.message) at "
                    + "character \(error.offset + 1)",
                hint: #"a dot that stands for itself is written "\.""#)
        }
        self.pattern = pattern
    }

    /// Whether the pattern is found in a tensor's name.
    /// - Throws: where that takes more steps than are allowed.
    package func matches(_ name: String) throws(QuantizationError) -> Bool {
        if let own = self.name { return own.hasSameBytes(as: name) }
        do throws(RegexError) {
            return try expression.isFound(in: Array(name.utf8))
        } catch {
            throw QuantizationError(
                "the pattern \(pattern.quotedForMessage) cannot be looked for in \(name.quotedForMessage): "
                    + error.message, hint: "write a simpler pattern")
        }
    }
}
