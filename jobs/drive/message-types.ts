/**
 * The message types of the recording, in the language of ROS 2 interfaces, as the packages common_interfaces and
 * rcl_interfaces of ROS 2 define them (docs.ros.org/en/humble/Concepts/Basic/About-Interfaces.html).
 */
const definitions: Record<string, string> = {
  'builtin_interfaces/Time': 'int32 sec\nuint32 nanosec',
  'std_msgs/Header': 'builtin_interfaces/Time stamp\nstring frame_id',
  'std_msgs/Float64': 'float64 data',
  'geometry_msgs/Point': 'float64 x\nfloat64 y\nfloat64 z',
  'geometry_msgs/Vector3': 'float64 x\nfloat64 y\nfloat64 z',
  'geometry_msgs/Quaternion': 'float64 x 0\nfloat64 y 0\nfloat64 z 0\nfloat64 w 1',
  'geometry_msgs/Pose': 'geometry_msgs/Point position\ngeometry_msgs/Quaternion orientation',
  'geometry_msgs/PoseStamped': 'std_msgs/Header header\ngeometry_msgs/Pose pose',
  'geometry_msgs/PoseWithCovariance': 'geometry_msgs/Pose pose\nfloat64[36] covariance',
  'geometry_msgs/Twist': 'geometry_msgs/Vector3 linear\ngeometry_msgs/Vector3 angular',
  'geometry_msgs/TwistWithCovariance': 'geometry_msgs/Twist twist\nfloat64[36] covariance',
  'nav_msgs/Odometry': [
    'std_msgs/Header header',
    'string child_frame_id',
    'geometry_msgs/PoseWithCovariance pose',
    'geometry_msgs/TwistWithCovariance twist'
  ].join('\n')
}

const SEPARATOR = '='.repeat(80)

/** The definition of a type and of all types in it, as MCAP wants it: https://mcap.dev/spec/registry#ros2msg */
export function definitionOf (type: string): string {
  const [own, ...others] = typesIn(type)
  return [definitions[own!], ...others.map((other) => `${SEPARATOR}\nMSG: ${other}\n${definitions[other]}`)].join('\n')
}

function typesIn (type: string): string[] {
  const definition = definitions[type]
  if (definition === undefined) throw new Error(`there is no definition of ${type}`)
  const within = [...definition.matchAll(/^\w+\/\w+/gm)].flatMap(([other]) => typesIn(other))
  return [...new Set([type, ...within])]
}
