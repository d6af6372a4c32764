// What the actions are called that the audit trail records, by what they concern.

interface Family {
  /** The first half of its actions; all of them can be asked for by it. */
  family: string;
  /** All of them together. */
  all: string;
  actions: Record<string, string>;
}

export const FAMILIES: Family[] = [
  {
    family: 'key',
    all: 'Anything about keys',
    actions: {
      'key.created': 'Key created',
      'key.updated': 'Key changed',
      'key.revoked': 'Key revoked',
      'key.restored': 'Revocation undone',
      'key.rotated': 'Key rotated',
      'key.previous_ended': 'Old secret ended',
      'key.secret_copied': 'Secret copied',
      'key.secret_revealed': 'Secret revealed',
    },
  },
  {
    family: 'project',
    all: 'Anything about projects',
    actions: {
      'project.created': 'Project created',
      'project.updated': 'Project renamed',
      'project.deleted': 'Project deleted',
    },
  },
  { family: 'projects', all: 'Projects read from Phare', actions: {} },
  {
    family: 'member',
    all: 'Anything about members',
    actions: {
      'member.created': 'Member added',
      'member.updated': 'Member changed',
      'member.removed': 'Member removed',
    },
  },
  {
    family: 'session',
    all: 'Anything about sessions',
    actions: { 'session.created': 'Session token issued', 'session.ended': 'Session ended' },
  },
  { family: 'organization', all: 'The organization', actions: {} },
  {
    family: 'phare_key',
    all: 'Anything about Phare’s own keys',
    actions: {
      'phare_key.added': 'Phare key added',
      'phare_key.examined': 'Phare key checked',
      'phare_key.refused': 'Phare key refused',
      'phare_key.staged': 'Next Phare key added',
      'phare_key.switched': 'Phare key switched',
      'phare_key.unstaged': 'Next Phare key removed',
      'phare_key.renamed': 'Phare key renamed',
      'phare_key.removed': 'Phare key removed',
    },
  },
  { family: 'upstream', all: 'What stands behind the gateway', actions: {} },
];
