import Testing

@testable import Formats
@testable import Scanning

/// What the description of a Keras model may name.
@Suite struct KerasReviewTests {
    private func messages(_ text: String) throws -> [String] {
        var review = KerasReview()
        review.visit(try JSON.parse(Array(text.utf8), nonFinite: true))
        return review.messages
    }

    @Test(arguments: [
        #"{"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense", "config": {"units": 2, "rate": NaN}}]}}"#,
        #"{"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": null}"#,
        #"{"module": "keras", "class_name": "Sequential", "config": {}, "registered_name": "Sequential"}"#,
        #"{"module": "keras.src.models.functional", "class_name": "Functional", "config": {}, "registered_name": "Functional"}"#,
        #"{"module": "builtins", "class_name": "function", "config": "relu", "registered_name": "relu"}"#,
        #"{"module": "keras_nlp.src.models.gemma.gemma_backbone", "class_name": "GemmaBackbone", "config": {}, "registered_name": "keras_nlp>GemmaBackbone"}"#,
        #"{"class_name": "TFOpLambda", "config": {"function": "math.multiply"}}"#,
        #"{"class_name": "__numpy__", "config": {"value": [1], "dtype": "float32"}}"#,
    ]) func whatKerasHasIsNoFinding(_ text: String) throws {
        #expect(try messages(text) == [])
    }

    @Test(arguments: [
        #"{"class_name": "Lambda", "config": {}}"#, #"{"class_name":"\u004cambda"}"#,
        #"{"class_name": "Lambda", "class_name": "Dense"}"#,
        #"{"class_name": "__lambda__", "config": {"value": "x"}}"#,
        #"{"class_name": "TorchModuleWrapper", "module": "keras.layers", "config": {}}"#,
        #"{"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "x"}}"#,
        #"{"class_name": "Dense", "module": "evil.layers", "config": {}}"#,
        #"{"class_name": "Dense", "module": "keras.utils", "config": {}}"#,
        #"{"class_name": "Dense", "module": "keras.layers", "registered_name": "Evil>Dense", "config": {}}"#,
        #"{"class_name": "get_file", "module": "keras.utils", "config": {}}"#,
        #"{"class_name": "function", "module": "builtins", "config": "exec", "registered_name": "exec"}"#,
        #"{"class_name": "function", "module": "os", "config": "system"}"#,
        #"{"class_name": "function", "module": "builtins", "config": "relu", "registered_name": "evil>relu"}"#,
        #"{"class_name": "function", "config": {"code": "4wE="}}"#,
        #"{"class_name": "TFOpLambda", "config": {"function": "io.write_file"}}"#,
        #"{"class_name": "TensorFlowOpLayer", "config": {"node_def": "x"}}"#,
        #"{"class_name": "StringLookup", "module": "keras.layers", "config": {"vocabulary": "/etc/passwd"}}"#,
        #"{"class_name": "__numpy__", "config": {"value": [1], "dtype": "O"}}"#,
        #"{"class_name": "\u212aLDivergence", "module": "keras.losses", "config": {}}"#,
        #"{"class_name": 1}"#,
    ]) func everythingElseIs(_ text: String) throws {
        #expect(try !messages(text).isEmpty, "\(text)")
    }
}
