/*
 * Ask a model of a MONAI Label server about the open slide, or about the selected region, and draw the answer.
 * QuPath 0.5 and later, no extension: Automate > Script editor, set the three values, Run.
 *
 * A slide that the server has under --studies (same file name) is read there. Of another one the selected region is
 * uploaded as PNG, so select one that is not larger than you want to send; the server's --conf mpp then applies.
 * Polygons become annotations and tiles detections (Measure > Show measurement maps colours them by attention);
 * probabilities of the slide become measurements of the image. What the model drew before is removed first.
 */
import com.google.gson.JsonParser
import java.awt.geom.AffineTransform
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse.BodyHandlers
import java.nio.charset.StandardCharsets
import java.nio.file.Files
import java.time.Duration
import qupath.lib.images.writers.ImageWriterTools
import qupath.lib.io.PathIO
import qupath.lib.objects.PathObjectTools
import qupath.lib.regions.RegionRequest

import static qupath.lib.scripting.QP.*

def server = System.getProperty("monai.server", "http://127.0.0.1:8000")
def token = System.getProperty("monai.token", "")      // what is in the file "token" of the app
def model = System.getProperty("monai.model", "")      // empty: the only one

def client = HttpClient.newHttpClient()
def ask = { String method, String path, String kind, byte[] body ->
    def request = HttpRequest.newBuilder(URI.create(server + path)).timeout(Duration.ofHours(2))
        .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body))
    if (token) request.header("Authorization", "Bearer " + token)
    if (kind) request.header("Content-Type", kind)
    client.send(request.build(), BodyHandlers.ofString())
}
def answered = { response ->
    if (response.statusCode() != 200)
        throw new IOException("The server answers ${response.statusCode()}: ${response.body()}")
    JsonParser.parseString(response.body()).getAsJsonObject()
}
def encoded = { String text -> URLEncoder.encode(text, StandardCharsets.UTF_8) }

def imageData = getCurrentImageData()
def image = imageData.getServer()
def file = new File(image.getURIs().iterator().next()).getName()
def name = file.contains(".") ? file.substring(0, file.lastIndexOf(".")) : file
def selected = getSelectedObject()
def roi = selected == null ? null : selected.getROI()
def box = roi == null ? [0, 0, 0, 0] :
    [roi.getBoundsX(), roi.getBoundsY(), roi.getBoundsWidth(), roi.getBoundsHeight()].collect { Math.round(it) as int }

def models = answered(ask("GET", "/info/", null, null)).getAsJsonObject("models").keySet()
if (!model && models.size() == 1) model = models.first()
if (!models.contains(model)) throw new IllegalArgumentException("Set model to one of: " + models.join(", "))

def isThere = ask("HEAD", "/datastore/image?image=" + encoded(name), null, null).statusCode() == 200
def answer
if (isThere) {
    def body = "{\"location\": [${box[0]}, ${box[1]}], \"size\": [${box[2]}, ${box[3]}], \"min_poly_area\": 0}"
    def path = "/infer/wsi/${encoded(model)}?output=json&image=${encoded(name)}"
    answer = answered(ask("POST", path, "application/json", body.getBytes("UTF-8")))
} else {
    if (roi == null) throw new IllegalArgumentException("The server has no slide ${name}: select a region to send")
    def patch = File.createTempFile("region", ".png")
    try {
        ImageWriterTools.writeImageRegion(image, RegionRequest.createInstance(image.getPath(), 1.0d, roi), patch.getPath())
        def edge = UUID.randomUUID().toString()
        def body = new ByteArrayOutputStream()
        body.write("--${edge}\r\nContent-Disposition: form-data; name=\"wsi\"\r\n\r\n".getBytes("UTF-8"))
        body.write("{\"size\": [0, 0], \"min_poly_area\": 0}\r\n".getBytes("UTF-8"))
        body.write("--${edge}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"region.png\"\r\n".getBytes("UTF-8"))
        body.write("Content-Type: image/png\r\n\r\n".getBytes("UTF-8"))
        body.write(Files.readAllBytes(patch.toPath()))
        body.write("\r\n--${edge}--\r\n".getBytes("UTF-8"))
        def path = "/infer/wsi_v2/${encoded(model)}?output=json"
        answer = answered(ask("POST", path, "multipart/form-data; boundary=${edge}".toString(), body.toByteArray()))
    } finally {
        patch.delete()
    }
}

def drawing = File.createTempFile("answer", ".geojson")
def objects
try {
    drawing.setText(answer.getAsJsonObject("geojson").toString(), "UTF-8")
    objects = PathIO.readObjects(drawing.toPath())
} finally {
    drawing.delete()
}
if (!isThere) {
    def shift = AffineTransform.getTranslateInstance(box[0], box[1])
    objects = objects.collect { PathObjectTools.transformObject(it, shift, true) }
}

def mark = "monai_ext: " + model                        // so that what a person drew is never removed
def isIn = { roi == null || roi.contains(it.getCentroidX(), it.getCentroidY()) }
def hierarchy = imageData.getHierarchy()
removeObjects(getAllObjects(false).findAll { it.getName() == mark && it.getROI() != null && isIn(it.getROI()) }, true)
objects.each { it.setName(mark) }
addObjects(objects)
if (answer.has("prediction")) {
    answer.getAsJsonArray("prediction").each { one ->
        def score = one.getAsJsonObject()
        def label = model + ": " + score.get("label").getAsString()
        hierarchy.getRootObject().getMeasurementList().put(label, score.get("score").getAsDouble())
        println String.format(Locale.ROOT, "%s %.4f", label, score.get("score").getAsDouble())
    }
}
fireHierarchyUpdate()
println "${objects.size()} objects of ${model}; ${answer.getAsJsonObject('facts')}"
