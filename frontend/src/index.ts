import {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { copyNotebook, IStudy, listStudies } from './api';
import { networkIcon } from './icon';

const CATEGORY = 'KAN Workbench';
const OPEN = 'kan-workbench:open';
const NEW = 'kan-workbench:new-discovery';
const NEW_DISCOVERY = 'new-discovery';

/** Titles are known before the server has answered, for menus that ask early. */
const studies = new Map<string, IStudy>([
  ['knots', { name: 'knots', title: 'Knot invariants', summary: '' }],
  [
    'localization',
    { name: 'localization', title: 'Anderson localization', summary: '' }
  ]
]);

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'kan-workbench-labextension:plugin',
  description: 'Guided studies and new discoveries with Kolmogorov–Arnold networks',
  autoStart: true,
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null
  ) => {
    const { commands } = app;

    async function open(name: string, folder?: string): Promise<void> {
      try {
        const path = await copyNotebook(name, folder ?? browser?.model.path ?? '');
        await commands.execute('docmanager:open', { path, factory: 'Notebook' });
      } catch (error) {
        await showErrorMessage(
          'The notebook could not be opened',
          error instanceof Error ? error.message : String(error)
        );
      }
    }

    commands.addCommand(OPEN, {
      label: args =>
        args['isPalette']
          ? `Open Study: ${studies.get(String(args['name']))?.title ?? args['name']}`
          : (studies.get(String(args['name']))?.title ?? String(args['name'])),
      caption: args => studies.get(String(args['name']))?.summary ?? '',
      icon: args => (args['isPalette'] ? undefined : networkIcon),
      execute: args => open(String(args['name']), args['cwd'] as string | undefined),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            name: { type: 'string', description: 'Name of the study' },
            cwd: { type: 'string', description: 'Folder of the copy' },
            isPalette: { type: 'boolean' }
          },
          required: ['name']
        }
      }
    });

    commands.addCommand(NEW, {
      label: args => (args['isPalette'] ? 'New KAN Discovery' : 'New discovery'),
      caption: 'Find a formula in your own table',
      icon: args => (args['isPalette'] ? undefined : networkIcon),
      execute: args => open(NEW_DISCOVERY, args['cwd'] as string | undefined),
      describedBy: {
        args: {
          type: 'object',
          properties: {
            cwd: { type: 'string', description: 'Folder of the notebook' },
            isPalette: { type: 'boolean' }
          }
        }
      }
    });

    launcher?.add({ command: NEW, category: CATEGORY, rank: 0 });
    palette?.addItem({ command: NEW, category: CATEGORY, args: { isPalette: true } });

    // Not awaited: the application must not wait for the list.
    listStudies().then(
      found => {
        found.forEach((study, place) => {
          studies.set(study.name, study);
          const args = { name: study.name };
          launcher?.add({ command: OPEN, category: CATEGORY, args, rank: place + 1 });
          palette?.addItem({
            command: OPEN,
            category: CATEGORY,
            args: { ...args, isPalette: true }
          });
        });
        commands.notifyCommandChanged(OPEN);
      },
      error => console.warn('KAN Workbench: the studies could not be listed.', error)
    );
  }
};

export default plugin;
