"""The prototype's stack, written for the bench after its public description: FastAPI and uvicorn, with the Python
clients of Kubernetes and MinIO. A deploy makes a ConfigMap from a dotenv file and a Job that reads it, and keeps
nothing. Handlers are plain functions, so FastAPI runs them in its threads.

/job/deploy/same does with the same libraries as many requests of each kind as a deploy of the product: SAME_CALLS has
them, in the order in which they went over the wire."""
import io
import json
import os
import uuid
from urllib.parse import urlsplit

from fastapi import FastAPI, Response
from fastapi.responses import StreamingResponse
from kubernetes import client, config
from minio import Minio

config.load_kube_config(os.environ["KUBECONFIG"])
NAMESPACE = os.environ["JOBS_NAMESPACE"]
BUCKET = os.environ["S3_BUCKET"]
SAME_CALLS = json.loads(os.environ.get("SAME_CALLS", "[]"))
batch = client.BatchV1Api()
core = client.CoreV1Api()
endpoint = urlsplit(os.environ["S3_ENDPOINT"])
store = Minio(
    endpoint.netloc,
    access_key=os.environ["S3_ACCESS_KEY"],
    secret_key=os.environ["S3_SECRET_KEY"],
    region=os.environ["S3_REGION"],
    secure=endpoint.scheme == "https",
)
ENVIRONMENT = "DURATION=15\nCARLA_EXAMPLE=automatic_control\nSDL_VIDEODRIVER=dummy\nDISPLAY=:1\nRESULT_DIR=rosbag\n"

app = FastAPI()


def name_of(job_id):
    return f"gx4ki-{job_id}"


def config_map(job_id):
    pairs = (line.split("=", 1) for line in ENVIRONMENT.splitlines() if line and not line.startswith("#"))
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name_of(job_id)), data=dict(pairs))


def job(job_id):
    results = client.V1VolumeMount(name="results", mount_path="/home/carla/rosbag")
    worker = client.V1Container(
        name="worker",
        image="registry.example/carla:latest",
        env_from=[client.V1EnvFromSource(config_map_ref=client.V1ConfigMapEnvSource(name=name_of(job_id)))],
        volume_mounts=[results],
        resources=client.V1ResourceRequirements(limits={"nvidia.com/gpu": "1"}),
    )
    side_car = client.V1Container(name="sidecar", image="registry.example/upload:latest", volume_mounts=[results])
    volume = client.V1Volume(name="results", empty_dir=client.V1EmptyDirVolumeSource(size_limit="2Gi"))
    labels = {"gx4ki.job.uuid": job_id}
    template = client.V1PodTemplateSpec(
        metadata=client.V1ObjectMeta(labels=labels),
        spec=client.V1PodSpec(restart_policy="Never", containers=[worker, side_car], volumes=[volume]),
    )
    return client.V1Job(
        metadata=client.V1ObjectMeta(name=name_of(job_id), labels=labels),
        spec=client.V1JobSpec(backoff_limit=0, template=template),
    )


@app.get("/job/deploy")
def deploy():
    job_id = str(uuid.uuid4())
    core.create_namespaced_config_map(NAMESPACE, config_map(job_id))
    batch.create_namespaced_job(NAMESPACE, job(job_id))
    return {"job_uuid": job_id}


@app.get("/job/deploy/same")
def deploy_same():
    job_id = str(uuid.uuid4())
    body = json.dumps({"job_uuid": job_id, "state": "accepted", "env": {"DURATION": "15"}, "pad": "x" * 400}).encode()
    # What the clients need to be asked for: a read has to find something.
    put_first = {"GET", "HEAD", "DELETE"}
    for number, (to, method, resource) in enumerate(SAME_CALLS):
        key = f"same/{job_id}/{number}"
        if to == "api":
            if resource == "jobs":
                batch.create_namespaced_job(NAMESPACE, job(job_id))
            elif resource == "secrets":
                secret = client.V1Secret(metadata=client.V1ObjectMeta(name=name_of(job_id)), string_data={"T": "t"})
                core.create_namespaced_secret(NAMESPACE, secret)
            else:
                core.create_namespaced_config_map(NAMESPACE, config_map(job_id))
        elif method in put_first:
            answer = store.get_object(BUCKET, "same/stored")
            answer.read()
            answer.release_conn()
        else:
            store.put_object(BUCKET, key, io.BytesIO(body), len(body))
    return {"job_uuid": job_id}


@app.delete("/job/{job_id}")
def remove(job_id: str):
    batch.delete_namespaced_job(name_of(job_id), NAMESPACE, propagation_policy="Background")
    return {"job_uuid": job_id}


@app.get("/job/{job_id}/result/list")
def result_list(job_id: str):
    return [one.object_name for one in store.list_objects(BUCKET, prefix=f"{job_id}/", recursive=True)]


@app.get("/job/{job_id}/result")
def result(job_id: str, file: str):
    answer = store.get_object(BUCKET, f"{job_id}/{file}")
    return StreamingResponse(answer.stream(1024 * 1024), media_type="application/octet-stream")


@app.get("/ready")
def ready():
    return Response(status_code=204)
