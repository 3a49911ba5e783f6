package import Formats

/// A JSON document that describes a Keras model outside of the model's file, as presets of keras_hub do.
package enum KerasDescription {
    /// What the document names that Keras and the libraries beside it do not have; empty for one that describes no Keras
    /// object.
    package static func messages(_ json: JSON) -> [String] {
        guard json["class_name"] != nil, json["config"] != nil || json["module"] != nil else { return [] }
        var review = KerasReview()
        review.visit(json)
        return review.messages
    }
}
