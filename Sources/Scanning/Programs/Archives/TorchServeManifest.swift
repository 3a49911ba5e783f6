import Formats

/// `MAR-INF/MANIFEST.json` of an archive of TorchServe's (torch-model-archiver 0.12): which code handles requests.
enum TorchServeManifest {
    /// Handlers that TorchServe 0.12 has itself (`ts/torch_handler`).
    private static let handlers = NameSet(
        "image_classifier image_segmenter object_detector text_classifier dali_image_classifier base_handler")

    /// One sentence about everything that is code.
    static func messages(_ json: JSON) -> [String] {
        let models = json.all("model")
        guard !models.isEmpty else { return ["its manifest names no model"] }
        var messages: [String] = []
        for model in models {
            for handler in model.all("handler") {
                guard let name = handler.string, handlers.contains(name) else {
                    messages.append(
                        "its handler is code: \((handler.string ?? handler.compactText).shortAndPlain)")
                    continue
                }
            }
            if model["handler"] == nil { messages.append("its manifest names no handler") }
            for file in model.all("modelFile") where file != .null {
                messages.append("its model is code: \((file.string ?? file.compactText).shortAndPlain)")
            }
            for file in model.all("requirementsFile") where file != .null {
                messages.append(
                    "its requirements are installed when it is loaded: "
                        + (file.string ?? file.compactText).shortAndPlain)
            }
        }
        return messages
    }
}
